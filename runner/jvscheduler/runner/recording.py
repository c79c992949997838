"""Record the outcome twice: in the container's termination message and in the history.

The message is written first, because it needs no other process. It is written again when the
history has the outcome. If the process is killed in between, the message says `recorded: false`,
and the server writes the record from it.
"""

import asyncio
import contextlib
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from jvscheduler.attempt.log import say
from jvscheduler.errors import SchedulerError, TemporaryError
from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler.outcomes import Outcome, to_message
from jvscheduler.runner.calls import answered

PATIENCE_SECONDS: Final = 20.0
"""An outcome waits this long for a history that is down; then it is only in the message."""
PAUSE_SECONDS: Final = 1.0
"""The pause between two tries."""


async def record(
    store: HistoryStore | None, outcome: Outcome, file: Path, stop: asyncio.Event
) -> bool:
    """True when the history has the outcome. Once `stop` is set, try only once more."""
    write_message(file, outcome)
    if store is None:
        say("no database is set: the outcome is only in the termination message", "info")
    elif await _record_in_history(store, outcome, stop):
        write_message(file, replace(outcome, recorded=True))
        return True
    return False


def write_message(file: Path, outcome: Outcome) -> None:
    try:
        file.write_text(to_message(outcome), encoding="utf-8")
    except OSError as error:
        say(f"the termination message cannot be written to {file}: {error}")


async def _record_in_history(store: HistoryStore, outcome: Outcome, stop: asyncio.Event) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        is_last_try = stop.is_set()
        try:
            await answered(store.record(outcome), stop)
        except TemporaryError as error:
            if is_last_try or time.monotonic() > deadline:
                say(f"the outcome is only in the termination message: {error}")
                return False
        except SchedulerError as error:
            say(f"the outcome is only in the termination message: {error}")
            return False
        else:
            return True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PAUSE_SECONDS)
