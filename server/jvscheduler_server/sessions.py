"""Ends the sessions of namespaces that hold up the server, while it runs."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.store.guard import SessionGuard, open_session_guard

PAUSE_SECONDS: Final = 2.0
"""A call of the history gives up after ten seconds: the guard looks several times before that."""

_log = logging.getLogger(__name__)


def guard_of(url: str) -> Callable[[], Awaitable[None]] | None:
    """The guard of this history to run; None when it has no roles for namespaces."""
    guard = open_session_guard(url)
    return None if guard is None else partial(guard_sessions, guard)


async def guard_sessions(guard: SessionGuard) -> None:
    """Look again and again, until it is cancelled."""
    try:
        while True:
            await look(guard)
            await asyncio.sleep(PAUSE_SECONDS)
    finally:
        await guard.close()


async def look(guard: SessionGuard) -> None:
    try:
        ended = await guard.end_sessions()
    except HistoryUnavailable:
        return  # the store says so, and the next look comes soon
    for role, count in Counter(ended).items():
        _log.warning("ended %d sessions of %s, which held up the history", count, role)
