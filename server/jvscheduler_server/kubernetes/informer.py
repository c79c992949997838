"""A memory of one kind of Kubernetes object that follows the cluster.

List, then watch from the list's resource version; bookmarks keep the version
fresh. A version that the API server has forgotten (410 Gone) means listing
again, and what a new list no longer has is gone. Between any two tries there is
a pause that grows while they fail, so no fault of the API server becomes a
busy loop. What was known stays known meanwhile.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from jvscheduler.errors import TemporaryError
from jvscheduler_server.backoff import Backoff

Json = Mapping[str, Any]
T = TypeVar("T")

_log = logging.getLogger(__name__)


class ApiServerUnavailable(TemporaryError):
    """The API server refuses or does not answer."""


class VersionExpired(TemporaryError):
    """The API server no longer knows the resource version: list again."""


@dataclass(frozen=True)
class Resource(Generic[T]):
    """What to watch: an API path such as `/api/v1/pods`, and a label selector. `convert` says
    what an object becomes here (None: it is not looked at), `remember(old, new)` what a newer
    state of it keeps from the older."""

    path: str
    convert: Callable[[Json], T | None]
    label_selector: str = ""
    remember: Callable[[T, T], T] = lambda _, new: new


class Source(Protocol):
    """An API server."""

    async def list(self, resource: Resource[Any]) -> tuple[Sequence[Json], str]:
        """All objects, and the resource version from which a watch misses nothing."""

    def watch(self, resource: Resource[Any], version: str) -> AsyncIterator[Json]:
        """Events `{"type": …, "object": …}` until the API server ends the stream."""


class Watched(Generic[T]):
    """The objects of one resource, each converted once. `gone(item, vanished)` is told of
    each that is no more, `changed()` of every change."""

    def __init__(
        self,
        source: Source,
        resource: Resource[T],
        changed: Callable[[], None],
        gone: Callable[[T, bool], None],
        backoff: Backoff,
    ) -> None:
        self._source = source
        self._resource = resource
        self._changed = changed
        self._gone = gone
        self._backoff = backoff
        self._items: dict[str, T] = {}
        self._version: str | None = None
        self.synced = False

    def items(self) -> Sequence[T]:
        return tuple(self._items.values())

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self._follow()
            except VersionExpired as error:
                _log.info("%s: listing again: %s", self._resource.path, error)
                self._version = None
            except ApiServerUnavailable as error:
                _log.warning("%s: %s; trying again", self._resource.path, error)
            except Exception:  # noqa: BLE001 - logged; a watch that ends would be trusted for ever
                _log.exception("%s: listing again after a fault", self._resource.path)
                self._version = None
            await asyncio.sleep(self._backoff.next())

    async def _follow(self) -> None:
        if self._version is None:
            objects, self._version = await self._source.list(self._resource)
            self._replace(objects)
            self._backoff.reset()
        async for event in self._source.watch(self._resource, self._version):
            self._apply(event)
            self._backoff.reset()

    def _replace(self, objects: Sequence[Json]) -> None:
        old, self._items = self._items, {}
        for item in objects:
            self._put(item, old)
        for uid in old.keys() - self._items.keys():
            self._gone(old[uid], True)
        self.synced = True
        self._changed()

    def _apply(self, event: Json) -> None:
        item = event["object"]
        self._version = item["metadata"]["resourceVersion"]
        if event["type"] == "BOOKMARK":
            return
        self._put(item, self._items)
        if event["type"] == "DELETED":
            last = self._items.pop(item["metadata"]["uid"], None)
            if last is not None:
                self._gone(last, False)
        self._changed()

    def _put(self, item: Json, known: Mapping[str, T]) -> None:
        uid = item["metadata"]["uid"]
        new = self._converted(item)
        if new is None:
            self._items.pop(uid, None)
        else:
            self._items[uid] = self._resource.remember(known[uid], new) if uid in known else new

    def _converted(self, item: Json) -> T | None:
        try:
            return self._resource.convert(item)
        except (KeyError, TypeError, ValueError) as error:
            metadata = item["metadata"]
            where = f"{metadata.get('namespace')}/{metadata['name']}"
            _log.error("%s: %s is left out: %r", self._resource.path, where, error)
            return None
