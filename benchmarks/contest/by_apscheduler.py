"""APScheduler 3 with a pool of processes. Its listener records each run when it has ended.

Usage: `python -m benchmarks.contest.by_apscheduler URL TASKS`. A process of the pool
serves many runs: the runs are not isolated.
"""

import asyncio
import signal
import sys
from typing import Any, Final

import asyncpg
from apscheduler.events import EVENT_JOB_EXECUTED
from apscheduler.executors.pool import ProcessPoolExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from benchmarks.contest.noop import noop
from benchmarks.contest.records import insert, open_table, row

PROCESSES: Final = 4


async def main(url: str, tasks: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await (await open_table(url)).close()
    pool = await asyncpg.create_pool(url, min_size=PROCESSES, max_size=PROCESSES)

    def on_executed(event: Any) -> None:
        values = row(int(event.job_id), event.scheduled_run_time.timestamp(), event.retval)
        asyncio.run_coroutine_threadsafe(insert(pool, values), loop)

    scheduler = AsyncIOScheduler(executors={"default": ProcessPoolExecutor(PROCESSES)})
    scheduler.add_listener(on_executed, EVENT_JOB_EXECUTED)
    for number in range(tasks):
        scheduler.add_job(noop, "cron", second="*", id=str(number))
    scheduler.start()
    await stop.wait()
    scheduler.shutdown(wait=False)
    await asyncio.sleep(0)  # APScheduler shuts down in a callback
    pool.terminate()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
