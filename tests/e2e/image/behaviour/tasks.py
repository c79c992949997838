"""One task for each promise. All are due together, each period: a minute in a cluster.

Each says when it began in what it leaves behind, to be compared with its record.
"""

import asyncio
import os
import signal
import time
from datetime import date, timedelta
from functools import partial
from hashlib import sha256

from jvspatial.core import Root, Walker, on_visit

from jvscheduler import on_schedule
from jvscheduler.environment import POD_NAME, TASK_ID
from jvscheduler.history import ScheduledJob

PERIOD = int(os.environ.get("BEHAVIOUR_PERIOD", "60"))
EACH_PERIOD = "every minute" if PERIOD == 60 else f"every {PERIOD} seconds"


@on_schedule(EACH_PERIOD, description="Returns")
def returns() -> dict[str, float]:
    return {"answer": 42, "began": time.time()}


@on_schedule(EACH_PERIOD)
async def returns_async() -> list[str]:
    await asyncio.sleep(0)
    return ["async"]


@on_schedule(EACH_PERIOD)
class Walks(Walker):
    @on_visit(Root)  # type: ignore[untyped-decorator]
    async def enter(self, root: Root) -> None:
        await self.report({"entered": root.id})


@on_schedule(EACH_PERIOD, args={"day": "2026-02-28", "note": "$(POD_NAME) ü"})
def takes_args(day: date, note: str, count: int = 3) -> dict[str, object]:
    return {"next": (day + timedelta(days=1)).isoformat(), "note": note, "count": count}


@on_schedule(EACH_PERIOD, args={"since": "2026-02-28"})
class TakesArgs(Walker):
    since: date
    depth: int = 1

    @on_visit(Root)  # type: ignore[untyped-decorator]
    async def enter(self, root: Root) -> None:
        await self.report({"year": self.since.year, "depth": self.depth, "entered": root.id})


class Methods:
    """A static method with two tasks."""

    @on_schedule(EACH_PERIOD, task_id="method-inside")
    @staticmethod
    @on_schedule(EACH_PERIOD, task_id="method-outside")
    def says_its_task() -> str:
        return os.environ[TASK_ID]


def takes_bound(region: str, day: date, count: int = 1) -> dict[str, object]:
    return {"region": region, "day": day.isoformat(), "type": type(day).__name__, "count": count}


bound = on_schedule(EACH_PERIOD, args={"day": "2026-02-28"})(partial(takes_bound, "eu", count=3))


@on_schedule(EACH_PERIOD)
def raises() -> None:
    raise ValueError("no stock")


@on_schedule(EACH_PERIOD)
def tells_its_secret() -> None:
    print("to be charged:", os.environ["CARD"])
    raise ValueError(f"no such card: {os.environ['CARD']}")


@on_schedule(EACH_PERIOD, retry_count=2)
def fails_each_time() -> None:
    raise RuntimeError(f"began at {time.time()}")


class SoldOut(ValueError):
    pass


@on_schedule(EACH_PERIOD, retry_count=2, no_retry_on=(KeyError, ValueError))
def is_sold_out() -> None:
    raise SoldOut("none left")


@on_schedule(EACH_PERIOD, retry_count=1, retry_delay_seconds=20)
def fails_and_waits_longer() -> None:
    raise RuntimeError(f"began at {time.time()}")


@on_schedule(EACH_PERIOD, jitter_seconds=15)
def starts_later() -> float:
    return time.time()


@on_schedule(EACH_PERIOD, task_id="recovers", retry_count=3)
async def fails_once() -> str:
    (job,) = await ScheduledJob.find({"context.pod_name": os.environ[POD_NAME]})
    if len(job.attempts) == 1:
        raise ConnectionError("not yet")
    return "recovered"


@on_schedule(EACH_PERIOD, timeout_seconds=2)
def hangs() -> None:
    """In plain Python, deaf to SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)


@on_schedule(EACH_PERIOD, timeout_seconds=2)
async def hangs_async() -> None:
    await asyncio.Event().wait()


@on_schedule(EACH_PERIOD)
def overlaps() -> None:
    time.sleep(1.25 * PERIOD)


@on_schedule(EACH_PERIOD, max_concurrent=2)
def overlaps_twice() -> None:
    time.sleep(2.25 * PERIOD)


@on_schedule(EACH_PERIOD, concurrency_policy="Replace")
def replaces() -> None:
    time.sleep(1.25 * PERIOD)


@on_schedule(
    EACH_PERIOD,
    pod={
        "memory": "256Mi",
        "env": {"SHOP": "north", "GREETING": "hello $(SHOP)"},
        "secrets": ["behaviour"],
        "config_maps": ["behaviour"],
        "volumes": {"/scratch": {"empty_dir": "1Mi"}},
    },
    template={
        "spec": {
            "containers": [
                {
                    "name": "task",
                    "env": [
                        {
                            "name": "LOGIN",
                            "valueFrom": {"secretKeyRef": {"name": "behaviour", "key": "PASSWORD"}},
                        }
                    ],
                }
            ]
        }
    },
)
def reads_its_variables() -> dict[str, object]:
    print(f"{os.environ['SHOP']}, {os.environ['PASSWORD']}")
    values = [os.environ[name] for name in ("PASSWORD", "LOGIN", "COLOUR")]
    digests = [sha256(value.encode()).hexdigest() for value in values]
    return {"variables": [os.environ["SHOP"], os.environ["GREETING"]], "digests": digests}


@on_schedule(EACH_PERIOD, enabled=False)
def suspended() -> None:
    raise AssertionError("a suspended task ran")
