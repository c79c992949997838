"""How late jobs started: counters for each lateness, rounded to three significant digits.

So the percentiles of any number of jobs are right to half a percent, with a few thousand
counters. The longest lateness is kept exactly.
"""

from collections import Counter
from collections.abc import Sequence
from math import ceil
from typing import Final

PERCENTILES: Final[Sequence[int]] = (50, 90, 99)


class Lateness:
    """Seconds from a scheduled time to the first attempt's start."""

    def __init__(self) -> None:
        self._counts: Counter[float] = Counter()
        self.longest: float | None = None

    def add(self, seconds: float) -> None:
        self._counts[float(f"{seconds:.2e}")] += 1
        self.longest = seconds if self.longest is None else max(self.longest, seconds)

    def percentile(self, percent: int) -> float | None:
        """The lateness that this percentage of jobs did not exceed; None without a job."""
        remaining = ceil(self._counts.total() * percent / 100)
        for seconds in sorted(self._counts):
            remaining -= self._counts[seconds]
            if remaining <= 0:
                return seconds
        return None
