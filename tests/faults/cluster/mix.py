"""The tasks that run in a cluster while faults happen, and how they are edited: pure."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

Spec = Mapping[str, Any]

_MODULE: Final = "steady.tasks"
_KINDS: Final[Mapping[str, Spec]] = {
    "cron-plain": {"entrypoint": "quick", "schedule": "every minute"},
    "cron-failing": {"entrypoint": "fails", "schedule": "every minute"},
    "cron-retried": {"entrypoint": "fails", "schedule": "every minute", "backoffLimit": 1},
    "cron-long": {"entrypoint": "long", "schedule": "every minute", "backoffLimit": 1},
    "cron-limited": {"entrypoint": "longer", "schedule": "every minute"},
    "loop-fixed": {"entrypoint": "quick", "schedule": "every 2 seconds"},
    "loop-random": {"entrypoint": "quick", "schedule": "every 2 to 5 seconds"},
    "loop-limited": {"entrypoint": "brief", "schedule": "every 3 seconds"},
    "loop-two": {"entrypoint": "brief", "schedule": "every 2 seconds", "maxConcurrency": 2},
    "loop-retried": {"entrypoint": "fails", "schedule": "every 20 seconds", "backoffLimit": 1},
    "loop-cron": {"entrypoint": "quick", "schedule": "every minute"},
}
_UNEDITED: Final = {"suspend": False, "maxConcurrency": 1}
"""Said, so that applying a task anew undoes its edits; so is the backend."""

EDITED: Final = ("cron-plain", "cron-failing", "loop-fixed", "loop-random", "loop-cron")
_SCHEDULES: Final = ("every minute", "every 2 seconds", "every 2 to 4 seconds", "2-58/3 * * * *")


def tasks(times: int = 1) -> Mapping[str, Spec]:
    """By name; each kind so often."""
    return {
        f"{kind}-{number}": {
            **_backend(kind),
            **_UNEDITED,
            **spec,
            "entrypoint": f"{_MODULE}:{spec['entrypoint']}",
        }
        for kind, spec in _KINDS.items()
        for number in range(1, times + 1)
    }


def is_of_cron(task: str) -> bool:
    return task.startswith("cron")


def _backend(kind: str) -> Spec:
    return {"backend": "CronJob" if is_of_cron(kind) else "Loop"}


def edit(names: Sequence[str], chance: random.Random) -> tuple[str, Spec]:
    """Of a task, and what of its spec is another one. A schedule may mean the other backend."""
    name = chance.choice([name for name in names if name.rpartition("-")[0] in EDITED])
    changes: Sequence[Spec] = (
        {"schedule": chance.choice(_SCHEDULES), "backend": None},
        {"schedule": "every minute", "backend": chance.choice(("CronJob", "Loop"))},
        {"suspend": True},
        {"suspend": False},
        {"maxConcurrency": chance.randint(1, 3)},
    )
    return name, chance.choice(changes)
