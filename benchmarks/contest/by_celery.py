"""Celery beat and a prefork worker. The worker's processes record their own runs.

Usage: `python -m benchmarks.contest.by_celery URL TASKS REDIS_URL RUNS_PER_PROCESS`. With
RUNS_PER_PROCESS 1 the runs are isolated. With 0 a process serves any number of runs.
"""

import asyncio
import logging
import math
import os
import signal
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
from celery import Celery
from celery.beat import Scheduler
from celery.schedules import schedstate, schedule
from celery.signals import before_task_publish, worker_process_init

from benchmarks.contest.noop import noop
from benchmarks.contest.records import insert, open_table, row

PROCESSES: Final = 4


class EachSecond(schedule):  # type: ignore[misc]
    """Due on whole seconds, like the other programs. Celery's own intervals drift."""

    def is_due(self, last_run_at: datetime) -> Any:
        now = time.time()
        return schedstate(last_run_at.timestamp() < math.floor(now), math.floor(now) + 1 - now)


class Database:
    """The event loop and the connection of one process of the worker."""

    def __init__(self, url: str) -> None:
        self._url = url

    def open(self, **_: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._connection = self._loop.run_until_complete(asyncpg.connect(self._url))

    def insert(self, values: tuple[Any, ...]) -> None:
        self._loop.run_until_complete(insert(self._connection, values))


def make_app(url: str, tasks: int, redis: str, runs_per_process: int) -> Celery:
    app = Celery("bench", broker=redis)
    app.conf.update(
        beat_schedule={
            str(number): {"task": "noop", "schedule": EachSecond(1), "args": (number,)}
            for number in range(tasks)
        },
        broker_connection_retry_on_startup=True,
        task_ignore_result=True,
        worker_max_tasks_per_child=runs_per_process or None,
    )
    database = Database(url)
    worker_process_init.connect(database.open, weak=False)

    @app.task(bind=True, name="noop")  # type: ignore[untyped-decorator]
    def run(self: Any, number: int) -> None:
        database.insert(row(number, self.request.get("due"), noop()))

    return app


def add_due_time(headers: dict[str, Any], **_: Any) -> None:
    headers["due"] = math.floor(time.time())


def main(url: str, tasks: int, redis: str, runs_per_process: int) -> None:
    asyncio.run(_make_table(url))
    app = make_app(url, tasks, redis, runs_per_process)
    beat = os.fork()
    if beat == 0:
        before_task_publish.connect(add_due_time)
        app.Beat(scheduler_cls=Scheduler, loglevel=logging.ERROR, quiet=True).run()
        os._exit(0)
    options = ("--pool=prefork", f"--concurrency={PROCESSES}", "--loglevel=ERROR")
    try:
        app.worker_main(["worker", *options, "--without-gossip", "--without-mingle"])
    finally:
        os.kill(beat, signal.SIGTERM)
        os.waitpid(beat, 0)


async def _make_table(url: str) -> None:
    await (await open_table(url)).close()


if __name__ == "__main__":
    os.chdir(Path(tempfile.gettempdir()))
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
