"""Which fault comes when: pure, so that a seed says it all.

Every fault, and every pair of them, comes once before any comes twice. A clock that is
set ahead comes last: what it skipped has its records, so that the tasks rest until that
time is over.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from tests.faults.rounds import in_rounds


class Fault(StrEnum):
    LOOP_KILLED = "loop-killed"
    WORKER_KILLED = "worker-killed"
    CHILD_KILLED = "child-killed"
    BOTH_KILLED = "both-killed"
    POD_DELETED = "pod-deleted"
    IMAGE_ROLLED_OUT = "image-rolled-out"
    TASKS_EDITED = "tasks-edited"
    DATABASE_STOPPED = "database-stopped"
    DATABASE_FROZEN = "database-frozen"
    DATABASE_FROZEN_LONG = "database-frozen-long"
    DATABASE_RESTARTED = "database-restarted"
    DATABASE_CUT = "database-cut"
    API_SERVER_STOPPED = "api-server-stopped"
    CPU_SATURATED = "cpu-saturated"
    CLOCK_BACK = "clock-back"
    CLOCK_AHEAD = "clock-ahead"


Pair: TypeAlias = tuple[Fault, Fault | None]

OVERLAPS: Final[Sequence[Pair]] = (
    (Fault.DATABASE_STOPPED, Fault.LOOP_KILLED),
    (Fault.DATABASE_STOPPED, Fault.BOTH_KILLED),
    (Fault.DATABASE_STOPPED, Fault.POD_DELETED),
    (Fault.DATABASE_FROZEN, Fault.POD_DELETED),
    (Fault.DATABASE_FROZEN, Fault.LOOP_KILLED),
    (Fault.DATABASE_FROZEN, Fault.TASKS_EDITED),
    (Fault.API_SERVER_STOPPED, Fault.LOOP_KILLED),
    (Fault.API_SERVER_STOPPED, Fault.WORKER_KILLED),
    (Fault.CPU_SATURATED, Fault.IMAGE_ROLLED_OUT),
    (Fault.CLOCK_BACK, Fault.LOOP_KILLED),
    (Fault.CLOCK_AHEAD, Fault.LOOP_KILLED),
)
"""The second is done in the middle of the first."""

_CALM: Final = (1.0, 10.0)
_LASTS: Final = {
    Fault.TASKS_EDITED: (4.0, 15.0),
    Fault.DATABASE_STOPPED: (4.0, 15.0),
    Fault.DATABASE_FROZEN: (4.0, 20.0),
    Fault.DATABASE_FROZEN_LONG: (26.0, 40.0),  # slots expire after 25
    Fault.API_SERVER_STOPPED: (5.0, 60.0),
    Fault.CPU_SATURATED: (5.0, 25.0),
    Fault.CLOCK_BACK: (8.0, 15.0),  # a loop looks at the clock every 5
    Fault.CLOCK_AHEAD: (8.0, 15.0),
}


@dataclass(frozen=True)
class Injection:
    """`calm` seconds before it; `draw` decides whom it hits."""

    fault: Fault
    calm: float
    lasts: float
    draw: int
    companion: "Injection | None" = None
    """Done in the middle."""

    @property
    def seconds(self) -> float:
        return self.calm + self.lasts + (self.companion.lasts if self.companion else 0.0)

    def __str__(self) -> str:
        own = f"{self.fault}, {self.lasts:.0f} s" if self.lasts else str(self.fault)
        return f"{own}, in its middle {self.companion}" if self.companion else own


def plan(
    seed: int, seconds: float, faults: Sequence[Fault], *, brief: bool = False
) -> Iterator[Injection]:
    """Of so many seconds at most, but every fault at least once. Brief: each as short as it may
    be."""
    chance = random.Random(seed)
    overlaps = [pair for pair in OVERLAPS if set(pair) <= set(faults)]
    pairs: list[Pair] = [*((fault, None) for fault in faults), *overlaps]
    last = [_injection(p, chance, brief) for p in pairs if p[0] is Fault.CLOCK_AHEAD]
    lasting = [pair for pair in pairs if pair[0] is not Fault.CLOCK_AHEAD]
    left = seconds - sum(injection.seconds for injection in last)
    yield from in_rounds(lasting, left, chance, lambda pair: _injection(pair, chance, brief))
    yield from chance.sample(last, len(last))


def _injection(pair: Pair, chance: random.Random, brief: bool) -> Injection:
    fault, inner = pair
    companion = None if inner is None else _injection((inner, None), chance, brief)
    calm, lasts = _drawn(_CALM, chance, brief), _drawn(_LASTS.get(fault, (0.0, 0.0)), chance, brief)
    return Injection(fault, calm, lasts, chance.getrandbits(32), companion)


def _drawn(bounds: tuple[float, float], chance: random.Random, brief: bool) -> float:
    least, most = bounds
    return least if brief else chance.uniform(least, most)
