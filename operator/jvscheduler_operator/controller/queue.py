"""Which keys to reconcile, and when.

A key waits at most once however often it is added, and is never worked on by
two workers: an addition during the work is kept until the work is done. Each
key has its own backoff, so that a poisoned object delays no other.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Final

from jvscheduler_operator.objects.manifests import Key

_FIRST_DELAY: Final = 0.5
_LONGEST_DELAY: Final = 60.0
_SPREAD: Final = 0.2


class WorkQueue:
    """Delays are in seconds; `jitter` draws from 0 to 1."""

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter = jitter
        self._waiting: asyncio.Queue[Key] = asyncio.Queue()
        self._added: set[Key] = set()
        self._worked_on: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._failures: dict[Key, int] = {}

    def __len__(self) -> int:
        return self._waiting.qsize()

    def add(self, key: Key) -> None:
        if key in self._added:
            return
        self._added.add(key)
        if key not in self._worked_on:
            self._waiting.put_nowait(key)

    def add_after(self, key: Key, delay: float | None) -> None:
        """Add the key later. The last word counts; None takes back an earlier one."""
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        if delay is not None:
            loop = asyncio.get_running_loop()
            self._timers[key] = loop.call_later(delay, self._due, key)

    def retry(self, key: Key, at_least: float = 0.0) -> float:
        """Add the key after its backoff, which doubles with each failure; returns the delay."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        backoff = min(_FIRST_DELAY * 2.0 ** min(failures, 10), _LONGEST_DELAY)
        delay = max(backoff, at_least) * (1 + _SPREAD * self._jitter())
        self.add_after(key, delay)
        return delay

    def succeeded(self, key: Key) -> None:
        self._failures.pop(key, None)

    async def get(self) -> Key:
        """The next key; `done` must follow, however the work went."""
        key = await self._waiting.get()
        self._added.discard(key)
        self._worked_on.add(key)
        return key

    def done(self, key: Key) -> None:
        self._worked_on.discard(key)
        if key in self._added:
            self._waiting.put_nowait(key)

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _due(self, key: Key) -> None:
        self._timers.pop(key, None)
        self.add(key)
