"""`schedule`, which starts a bare Python for each run. A thread waits for it and records it.

Usage: `python -m benchmarks.contest.by_schedule URL TASKS`. Its next instant is one second
after the last start, so that its instants drift. Lateness is measured against them.
"""

import asyncio
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import schedule

from benchmarks.contest import noop
from benchmarks.contest.records import insert, open_table, row

THREADS: Final = 8
COMMAND: Final = [sys.executable, "-S", str(Path(noop.__file__))]


class Recorder:
    """An event loop in a thread of its own, for the database."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._pool = self._do(self._open(url))

    def insert(self, values: tuple[Any, ...]) -> None:
        self._do(insert(self._pool, values))

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self, url: str) -> Any:
        await (await open_table(url)).close()
        return await asyncpg.create_pool(url)


def main(url: str, tasks: int) -> None:
    recorder, threads = Recorder(url), ThreadPoolExecutor(THREADS)

    def run(number: int, due: datetime) -> None:
        output = subprocess.run(COMMAND, check=True, capture_output=True).stdout
        recorder.insert(row(number, due.timestamp(), float(output)))

    def submit(number: int, job: list[schedule.Job]) -> None:
        assert job[0].next_run is not None
        threads.submit(run, number, job[0].next_run)

    for number in range(tasks):
        own: list[schedule.Job] = []
        own.append(schedule.every().second.do(submit, number, own))
    while True:
        time.sleep(max(0.0, schedule.idle_seconds() or 0.0))
        schedule.run_pending()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    main(sys.argv[1], int(sys.argv[2]))
