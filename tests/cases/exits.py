"""What plain Python does when a process ends must happen here too: all five files appear."""

import asyncio
import atexit
import logging
import logging.handlers
from pathlib import Path

from jvscheduler import on_schedule

HERE = Path(__file__).resolve().parent
_target = logging.FileHandler(HERE / "out-log.txt", delay=True)
_log = logging.getLogger("exits")
_log.addHandler(logging.handlers.MemoryHandler(100, target=_target))
_log.setLevel("INFO")
kept: "asyncio.Task[None] | None" = None
_journal = (HERE / "out-journal.txt").open("a")


@on_schedule("every 1 hour")
def hooks() -> None:
    atexit.register((HERE / "out-atexit.txt").write_text, "ran")
    _log.info("sold 3")
    _journal.write("sold 3\n")


@on_schedule("every 1 hour")
async def pending() -> None:
    async def background() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            (HERE / "out-background.txt").write_text("cleaned")

    def slow() -> None:
        import time  # noqa: PLC0415 - as a user writes it

        time.sleep(0.5)
        (HERE / "out-executor.txt").write_text("done")

    global kept  # noqa: PLW0603 - without a reference the task would be collected
    kept = asyncio.create_task(background())
    await asyncio.sleep(0.05)
    asyncio.get_running_loop().run_in_executor(None, slow)
