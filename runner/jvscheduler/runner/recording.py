"""Says the outcome twice: as the container's termination message, and to the history.

The message comes first, because it needs nobody, and once more when the history
has the outcome: from a message that says `recorded: false` the server repairs.
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

PATIENCE_SECONDS: Final = 20.0
"""How long an outcome waits for a history that is down."""

PAUSE_SECONDS: Final = 1.0


async def publish(
    store: HistoryStore | None, outcome: Outcome, file: Path, stop: asyncio.Event
) -> bool:
    """Whether the history has it. Once `stop` is set it is tried only once more."""
    write_message(file, outcome)
    if store is None:
        say("no database is set: the outcome is only in the termination message")
    elif await _record(store, outcome, stop):
        write_message(file, replace(outcome, recorded=True))
        return True
    return False


def write_message(file: Path, outcome: Outcome) -> None:
    try:
        file.write_text(to_message(outcome), encoding="utf-8")
    except OSError as error:
        say(f"the termination message cannot be written to {file}: {error}")


async def _record(store: HistoryStore, outcome: Outcome, stop: asyncio.Event) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        last = stop.is_set() or time.monotonic() > deadline
        try:
            await store.record(outcome)
        except TemporaryError as error:
            if last:
                say(f"the outcome is only in the termination message: {error}")
                return False
        except SchedulerError as error:
            say(f"the outcome is only in the termination message: {error}")
            return False
        else:
            return True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PAUSE_SECONDS)
