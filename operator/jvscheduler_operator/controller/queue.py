"""The queue of keys to reconcile, after client-go's `workqueue`.

A key waits at most once, however often it is added. Two workers never work on the same
key: what is added during the work waits until the work is done. Each key has its
own backoff, so that one poisoned object delays no other. While keys of a namespace
fail, few workers are for it: a webhook that hangs for its many tasks delays no other
namespace.
"""

import asyncio
import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import Final

from jvscheduler_operator.objects.manifests import Key

_FIRST_BACKOFF: Final = 0.5
_MAX_BACKOFF: Final = 60.0
"""Seconds. An object that is always refused costs one pass in a minute."""

_JITTER: Final = 0.2
"""The part of a backoff that is random. Without it, all keys that failed in one outage would
be tried again in the same moment."""


_MOST_OF_A_FAILING_NAMESPACE: Final = 4
"""Keys of a namespace that are processed at once while one of its keys fails."""


class WorkQueue:
    """Delays are in seconds. `jitter` draws from 0 to 1."""

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter = jitter
        self._waiting: asyncio.Queue[Key] = asyncio.Queue()
        self._added: set[Key] = set()
        """Keys to reconcile; those that are being processed are not in `_waiting` yet."""
        self._processing: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._failures: dict[Key, int] = {}
        self._failing: Counter[str] = Counter()
        """How many keys of a namespace fail."""
        self._busy: Counter[str] = Counter()
        """How many keys of a namespace are being processed."""
        self._held: defaultdict[str, deque[Key]] = defaultdict(deque)
        """By namespace: the keys that wait for another one of their namespace to be done."""

    def __len__(self) -> int:
        return self._waiting.qsize() + sum(map(len, self._held.values()))

    def add(self, key: Key) -> None:
        if key in self._added:
            return
        self._added.add(key)
        if key not in self._processing:
            self._waiting.put_nowait(key)

    def add_after(self, key: Key, delay: float | None) -> None:
        """Add the key after a delay, which replaces an earlier one. None only cancels."""
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        if delay is not None:
            loop = asyncio.get_running_loop()
            self._timers[key] = loop.call_later(delay, self._on_timer, key)

    def retry(self, key: Key, at_least: float = 0.0) -> float:
        """Add the key after its backoff, which doubles with each failure. Returns the delay."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        self._failing[key.namespace] += failures == 0
        backoff = min(_FIRST_BACKOFF * 2.0 ** min(failures, 10), _MAX_BACKOFF)
        delay = max(backoff, at_least) * (1 + _JITTER * self._jitter())
        self.add_after(key, delay)
        return delay

    def succeeded(self, key: Key) -> None:
        if self._failures.pop(key, None) is not None:
            self._failing[key.namespace] -= 1
            self._release_held(key.namespace)

    async def get(self) -> Key:
        """Wait for the next key. `done` must follow, also when the work has failed."""
        key = await self._waiting.get()
        while self._must_be_held(key.namespace):
            self._held[key.namespace].append(key)
            key = await self._waiting.get()
        self._added.discard(key)
        self._processing.add(key)
        self._busy[key.namespace] += 1
        return key

    def done(self, key: Key) -> None:
        self._processing.discard(key)
        self._busy[key.namespace] -= 1
        self._release_held(key.namespace)
        if key in self._added:
            self._waiting.put_nowait(key)

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _must_be_held(self, namespace: str) -> bool:
        return self._failing[namespace] > 0 and self._free(namespace) <= 0

    def _free(self, namespace: str) -> int:
        return _MOST_OF_A_FAILING_NAMESPACE - self._busy[namespace]

    def _release_held(self, namespace: str) -> None:
        held = self._held.get(namespace)
        if held is None:
            return
        count = self._free(namespace) if self._failing[namespace] else len(held)
        for _ in range(min(count, len(held))):
            self._waiting.put_nowait(held.popleft())
        if not held:
            del self._held[namespace]

    def _on_timer(self, key: Key) -> None:
        self._timers.pop(key, None)
        self.add(key)
