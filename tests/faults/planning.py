"""Which fault comes when: pure, so that a seed says it all.

Every fault comes once before any comes twice. A clock that is set comes last: what
it skipped is accounted for, so that the tasks rest until that time is over.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


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
    DATABASE_RESTARTED = "database-restarted"
    DATABASE_CUT = "database-cut"
    DATABASE_AWAY_AT_RESTART = "database-away-at-restart"
    API_SERVER_STOPPED = "api-server-stopped"
    CLOCK_AHEAD = "clock-ahead"
    CLOCK_BACK = "clock-back"


CLOCKS: Final = (Fault.CLOCK_AHEAD, Fault.CLOCK_BACK)
_CALM: Final = (3.0, 10.0)
_LASTS: Final = {
    Fault.TASKS_EDITED: (8.0, 15.0),
    Fault.DATABASE_STOPPED: (3.0, 15.0),
    Fault.DATABASE_FROZEN: (3.0, 40.0),
    Fault.DATABASE_AWAY_AT_RESTART: (3.0, 10.0),
    Fault.API_SERVER_STOPPED: (5.0, 60.0),
    Fault.CLOCK_AHEAD: (8.0, 15.0),
    Fault.CLOCK_BACK: (8.0, 15.0),
}


@dataclass(frozen=True)
class Injection:
    """`calm` seconds before it; `draw` decides whom it hits."""

    fault: Fault
    calm: float
    lasts: float
    draw: int


def plan(seed: int, seconds: float, faults: Sequence[Fault]) -> Iterator[Injection]:
    """Of so many seconds at most, but every fault at least once."""
    chance = random.Random(seed)
    clocks = [_injection(fault, chance) for fault in faults if fault in CLOCKS]
    lasting = [fault for fault in faults if fault not in CLOCKS]
    left = seconds - sum(one.calm + one.lasts for one in clocks)
    first = True
    while lasting and (first or left > 0):
        for fault in chance.sample(lasting, len(lasting)):
            one = _injection(fault, chance)
            left -= one.calm + one.lasts
            if first or left > 0:
                yield one
        first = False
    yield from clocks


def _injection(fault: Fault, chance: random.Random) -> Injection:
    lasts = chance.uniform(*_LASTS.get(fault, (0.0, 0.0)))
    return Injection(fault, chance.uniform(*_CALM), lasts, chance.getrandbits(32))
