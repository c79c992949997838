"""A measurement is reported as a ratio to a named baseline of the same run.

Absolute times differ between machines and between hours. The ratio of two
programs that take turns does not.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """`value` of `what` against `baseline_value` of `baseline`, both in `unit`."""

    what: str
    value: float
    baseline: str
    baseline_value: float
    unit: str = "s"
    goal: float | None = None
    """The highest ratio that is good enough. None: there is no goal."""

    @property
    def ratio(self) -> float:
        return self.value / self.baseline_value

    def __str__(self) -> str:
        goal = "" if self.goal is None else f"  (goal ≤ {self.goal:g}: {self._verdict})"
        return (
            f"{self.what}: {self.value:.4g} {self.unit}; {self.baseline}: "
            f"{self.baseline_value:.4g} {self.unit}; ratio {self.ratio:.2f}{goal}"
        )

    @property
    def _verdict(self) -> str:
        return "met" if self.goal is None or self.ratio <= self.goal else "MISSED"


def side_by_side(
    subject: Callable[[], object], baseline: Callable[[], object], rounds: int
) -> tuple[float, float]:
    """The median seconds of both. They take turns, so that the load of the machine affects both."""
    pairs = [(_seconds(subject), _seconds(baseline)) for _ in range(rounds)]
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def _seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
