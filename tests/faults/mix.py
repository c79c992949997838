"""The tasks that run while faults happen, and how they are edited: pure, from a seed."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

Spec = Mapping[str, Any]

_MODULE: Final = "tests.faults.work"
_KINDS: Final[Mapping[str, Spec]] = {
    "fixed": {"entrypoint": "quick", "schedule": "every 2 seconds"},
    "random": {"entrypoint": "quick", "schedule": "every 2 to 5 seconds"},
    "wall-clock": {"entrypoint": "quick", "schedule": "* * * * *"},
    "over-time": {
        "entrypoint": "long",
        "schedule": "every 10 seconds",
        "activeDeadlineSeconds": 1,
        "backoffLimit": 0,
    },
    "failing": {"entrypoint": "fails", "schedule": "every 20 seconds", "backoffLimit": 2},
    "two-at-once": {"entrypoint": "long", "schedule": "every 2 seconds", "maxConcurrency": 2},
    "one-at-once": {"entrypoint": "long", "schedule": "every 3 seconds", "backoffLimit": 1},
    "replaced": {
        "entrypoint": "longer",
        "schedule": "every 6 seconds",
        "concurrencyPolicy": "Replace",
        "backoffLimit": 0,
    },
    "not-late": {
        "entrypoint": "quick",
        "schedule": "every 3 seconds",
        "startingDeadlineSeconds": 10,
    },
    "every-second": {"entrypoint": "quick", "schedule": "every second"},
}
_UNEDITED: Final[Spec] = {"suspend": False, "maxConcurrency": 1}
"""Said of every task, so that to apply it again undoes what an edit has said of it."""

_SCHEDULES: Final = ("every 2 seconds", "every 3 seconds", "every 2 to 4 seconds", "every second")


def tasks(count: int) -> Mapping[str, Spec]:
    """By name; the kinds in turn, so that ten have all of them."""
    kinds = list(_KINDS.items())
    chosen = [(number, *kinds[number % len(kinds)]) for number in range(count)]
    return {
        f"{kind}-{number}": {
            **_UNEDITED,
            **spec,
            "entrypoint": f"{_MODULE}:{spec['entrypoint']}",
        }
        for number, kind, spec in chosen
    }


def edit(names: Sequence[str], chance: random.Random) -> tuple[str, Spec]:
    """Of a task, and what of its spec is another one."""
    name = chance.choice(names)
    changes: Sequence[Spec] = (
        {"schedule": chance.choice(_SCHEDULES)},
        {"suspend": True},
        {"suspend": False},
        {"maxConcurrency": chance.randint(1, 3)},
    )
    return name, chance.choice(changes)
