"""How many bytes the history of each namespace takes: for the API, and for the server's log.

PostgreSQL has no limit for what a role may store. So who runs it must be able to see whose history
grows.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler_server.access.cache import AnswerCache

PAUSE_SECONDS: Final = 600.0
LARGE_BYTES: Final = 1024**3
"""A namespace of this size is named in the log: half of the bundled database's default volume."""
_FRESH_SECONDS: Final = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sizes:
    of_namespaces: Mapping[str, int] | None
    """None where the namespaces share their tables."""
    measured_at: datetime


class HistorySizes:
    """The sizes for the API. They are measured at most once a minute, however many ask."""

    def __init__(self, store: HistoryStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._kept = AnswerCache[None, Sizes](_FRESH_SECONDS, 1, clock)

    async def get(self) -> Sizes:
        """Raises HistoryUnavailable."""
        return await self._kept.get(None, self._measure)

    async def _measure(self) -> Sizes:
        return Sizes(await self._store.sizes(), datetime.now(UTC))


async def watch_sizes(store: HistoryStore) -> None:
    """Name large namespaces in the log, until it is cancelled."""
    warned: Mapping[str, int] = {}
    while True:
        try:
            warned = warn_of_large(await store.sizes() or {}, warned)
        except HistoryUnavailable as error:
            _log.warning("the sizes of the namespaces are not known: %s", error)
        await asyncio.sleep(PAUSE_SECONDS)


def warn_of_large(sizes: Mapping[str, int], warned: Mapping[str, int]) -> Mapping[str, int]:
    """Warn of each large namespace, and again when it is twice as large as at the last warning.

    Returns the size of each at its last warning. One that has become small is warned of anew.
    """
    large = {name: size for name, size in sizes.items() if size >= LARGE_BYTES}
    due = {name: size for name, size in large.items() if size >= 2 * warned.get(name, 0)}
    for name, size in sorted(due.items()):
        _log.warning(
            "the history of namespace %s takes %d MiB: prune it, or ask who writes so much there; "
            "see docs/operations/isolation.md",
            name,
            size // 1024**2,
        )
    return {name: due.get(name) or warned[name] for name in large}
