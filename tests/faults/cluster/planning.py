"""Which fault of a cluster comes when: pure, so that a seed says it all.

Every fault is planned once before any is twice. Some may begin at a few seconds of the
minute only: what starts pods is away when CronJobs are due, so that they are late; a
task is killed while it runs; and the database is there, because without it a pod cannot
know whether the limit of its task allows it to run, and runs.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tests.faults.rounds import in_rounds


class Fault(StrEnum):
    KUBELET_STOPPED = "kubelet-stopped"
    CONTAINERD_RESTARTED = "containerd-restarted"
    API_SERVER_STOPPED = "api-server-stopped"
    OPERATOR_STOPPED = "operator-stopped"
    SERVER_STOPPED = "server-stopped"
    LOOP_POD_DELETED = "loop-pod-deleted"
    LOOP_KILLED = "loop-killed"
    WORKER_KILLED = "worker-killed"
    IMAGE_ROLLED_OUT = "image-rolled-out"
    TASK_KILLED = "task-killed"
    TASKS_EDITED = "tasks-edited"
    NODE_SATURATED = "node-saturated"
    DATABASE_KILLED = "database-killed"
    DATABASE_FROZEN = "database-frozen"
    DATABASE_CUT = "database-cut"


ON_THE_NODE: Final = frozenset(
    {
        Fault.KUBELET_STOPPED,
        Fault.CONTAINERD_RESTARTED,
        Fault.API_SERVER_STOPPED,
        Fault.LOOP_KILLED,
        Fault.WORKER_KILLED,
        Fault.IMAGE_ROLLED_OUT,
        Fault.TASK_KILLED,
        Fault.NODE_SATURATED,
        Fault.DATABASE_FROZEN,
    }
)
"""What Kubernetes does to nobody: it takes a node that is a container, as kind's are."""

LONGEST: Final = 60.0
SHORT: Final = 20.0
_CALM: Final = (0.0, 5.0)
_LASTS: Final = {
    Fault.KUBELET_STOPPED: (12.0, LONGEST),
    Fault.API_SERVER_STOPPED: (12.0, LONGEST),
    Fault.OPERATOR_STOPPED: (5.0, 20.0),
    Fault.SERVER_STOPPED: (5.0, LONGEST),
    Fault.TASKS_EDITED: (5.0, 20.0),
    Fault.NODE_SATURATED: (10.0, LONGEST),
    Fault.DATABASE_FROZEN: (3.0, 8.0),  # a pod asks it for 10
}
_BEGINS: Final = {
    Fault.KUBELET_STOPPED: (50, 58),
    Fault.API_SERVER_STOPPED: (50, 58),
    Fault.DATABASE_KILLED: (30, 48),
    Fault.TASK_KILLED: (6, 25),
}
_GO_FIRST: Final = 4


@dataclass(frozen=True)
class Injection:
    """`calm` seconds after it; `begins` are seconds of the minute, from first to last; `draw`
    decides whom it hits."""

    fault: Fault
    calm: float
    lasts: float
    draw: int
    begins: tuple[int, int] | None = None

    @property
    def seconds(self) -> float:
        return self.calm + self.lasts

    def may_begin(self, second: int) -> bool:
        return self.begins is None or self.begins[0] <= second <= self.begins[1]


def plan(seed: int, seconds: float, faults: Sequence[Fault]) -> Iterator[Injection]:
    """As long as their time lasts, by their own; every fault at least once."""
    chance = random.Random(seed)
    return in_rounds(faults, seconds, chance, lambda fault: _injection(fault, chance, LONGEST))


def each_once(seed: int, faults: Sequence[Fault]) -> Sequence[Injection]:
    """The short form."""
    chance = random.Random(seed)
    return [_injection(fault, chance, SHORT) for fault in chance.sample(faults, len(faults))]


def following(planned: Sequence[Injection], second: int) -> Injection | None:
    """The next one. While it waits for its second of the minute, one of those behind it comes
    first; None: each of them waits."""
    return next((each for each in planned[:_GO_FIRST] if each.may_begin(second)), None)


def _injection(fault: Fault, chance: random.Random, longest: float) -> Injection:
    least, most = _LASTS.get(fault, (0.0, 0.0))
    lasts = chance.uniform(least, min(most, longest))
    calm, draw = chance.uniform(*_CALM), chance.getrandbits(32)
    return Injection(fault, calm, lasts, draw, _BEGINS.get(fault))
