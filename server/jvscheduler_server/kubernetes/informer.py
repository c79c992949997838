"""An in-memory copy of one kind of Kubernetes object, kept up to date by list and watch.

It lists once, then watches from the list's resource version; bookmarks keep the version
recent. When the API server no longer knows that version (410 Gone), it lists again: an object
that the new list lacks was deleted meanwhile. While the API server is away the copy stays as
it is. The pause between two tries grows while they fail.

Anybody who may write in a namespace decides what an object says. One that cannot be read is set
aside, and hides no other.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

from jvscheduler.edge.missing_namespaces import MissingNamespaces
from jvscheduler.edge.set_aside import SetAside, name_of
from jvscheduler.errors import TemporaryError
from jvscheduler_server.backoff import Backoff
from jvscheduler_server.kubernetes.fields import Json

T = TypeVar("T")

_log = logging.getLogger(__name__)


class ApiServerUnavailable(TemporaryError):
    """The API server refuses the request or does not answer."""


class Forbidden(ApiServerUnavailable):
    """The API server knows who asks, and refuses."""


class NotFound(ApiServerUnavailable):
    """There is no such object."""


class ResourceVersionExpired(TemporaryError):
    """The API server no longer knows the resource version: list again."""


@dataclass(frozen=True)
class WatchedNamespace:
    name: str
    missing: MissingNamespaces
    """Learns whether it exists."""


@dataclass(frozen=True)
class Resource(Generic[T]):
    """Objects to watch, and how to convert them."""

    path: str
    """Path in the Kubernetes API, such as `/api/v1/pods`."""
    convert: Callable[[Json], T | None]
    """Makes our value of an object. None: the object does not concern us."""
    label_selector: str = ""
    carry_over: Callable[[T, T], T] = lambda _, new: new
    """`carry_over(old, new)` returns the new value with what must survive from the old one."""
    field_selector: str = ""
    namespace: WatchedNamespace | None = None
    """The namespace that the path is in; None for all."""
    problem: Callable[[T], str | None] = lambda _: None
    """Returns what a part of the object says that cannot be true, and was left out of the value."""
    part: str = ""
    """What the log calls that part."""


class ApiServer(Protocol):
    async def list(self, resource: Resource[Any]) -> tuple[Sequence[Json], str]:
        """Return all objects, and the resource version from which a watch misses nothing."""

    def watch(self, resource: Resource[Any], version: str) -> AsyncIterator[Json]:
        """Yield events `{"type": …, "object": …}` until the API server ends the stream."""

    async def namespace_exists(self, namespace: str) -> bool:
        """False only when the API server says so. It may refuse the question."""


class Informer(Generic[T]):
    """The objects of one resource, each converted once per change.

    It calls `on_change()` after every change. It calls `on_delete(item, vanished)` for each
    deleted object; `vanished` is True when the deletion itself was not seen.
    """

    def __init__(
        self,
        api_server: ApiServer,
        resource: Resource[T],
        on_change: Callable[[], None],
        on_delete: Callable[[T, bool], None],
        backoff: Backoff,
    ) -> None:
        self._api_server = api_server
        self._resource = resource
        self._on_change = on_change
        self._on_delete = on_delete
        self._backoff = backoff
        self._items: dict[str, T] = {}
        """By uid."""
        self._version: str | None = None
        self.synced = False
        """True once the first list has arrived."""
        self.listed_time: datetime | None = None
        """When the last list was asked for, once it has arrived."""
        self._set_aside = SetAside(resource.path.rpartition("/")[2], _log.warning)
        self._in_part = SetAside(resource.part, _log.warning)

    def items(self) -> Sequence[T]:
        return tuple(self._items.values())

    async def run(self) -> None:
        """List and watch until it is cancelled."""
        while True:
            try:
                await self._list_and_watch()
            except ResourceVersionExpired as error:
                _log.info("%s: listing again: %s", self._resource.path, error)
                self._version = None
            except Forbidden as error:
                await self._set_aside_if_missing(error)
            except ApiServerUnavailable as error:
                self._try_again(error)
            except Exception:  # noqa: BLE001 - logged, with its traceback
                # If the watch ended here, the repair would go on with an ever older copy.
                _log.exception("%s: listing again after a fault", self._resource.path)
                self._version = None
            # A watch that ended in order pauses too: an API server that ends each one at once
            # must not be asked in a busy loop.
            await asyncio.sleep(self._backoff.next())

    def _try_again(self, error: ApiServerUnavailable) -> None:
        _log.warning("%s: %s; trying again", self._resource.path, error)

    async def _set_aside_if_missing(self, refusal: Forbidden) -> None:
        """Know that there is nothing, if the namespace is gone: its Role went with it.

        In a namespace that exists, pods may run though nobody may list them. Then the informer
        waits, because a missing pod would prove nothing.
        """
        namespace, asked_time = self._resource.namespace, datetime.now(UTC)
        try:
            exists = namespace is None or await self._api_server.namespace_exists(namespace.name)
        except ApiServerUnavailable as error:
            self._try_again(error)
            return
        if namespace is None or exists:
            self._try_again(refusal)
            return
        namespace.missing.add(namespace.name)
        self._version = None
        self._replace([])
        self.listed_time = asked_time

    async def _list_and_watch(self) -> None:
        if self._version is None:
            asked_time = datetime.now(UTC)
            objects, self._version = await self._api_server.list(self._resource)
            self._replace(objects)
            self.listed_time = asked_time
            if (namespace := self._resource.namespace) is not None:
                namespace.missing.found(namespace.name)
            self._backoff.reset()
        async for event in self._api_server.watch(self._resource, self._version):
            self._apply(event)
            self._backoff.reset()

    def _replace(self, objects: Sequence[Json]) -> None:
        old, self._items = self._items, {}
        for item in objects:
            self._put(item, old)
        for uid in old.keys() - self._items.keys():
            self._on_delete(old[uid], True)
        self.synced = True
        self._on_change()

    def _apply(self, event: Json) -> None:
        item = event["object"]
        self._version = item["metadata"]["resourceVersion"]
        if event["type"] == "BOOKMARK":
            return
        uid = _uid(item)
        before = self._items.get(uid)
        # A DELETED event carries the last state: it is kept before the object is dropped.
        is_read = self._put(item, self._items)
        if event["type"] == "DELETED":
            last = self._items.pop(uid, None)
            if last is not None:
                self._on_delete(last, False)
            elif before is not None and not is_read:
                self._on_delete(before, True)
        self._on_change()

    def _put(self, item: Json, known: Mapping[str, T]) -> bool:
        """Take over an object. False: it cannot be read, and is set aside."""
        uid = _uid(item)
        try:
            new = self._resource.convert(item)
            if new is not None and uid in known:
                new = self._resource.carry_over(known[uid], new)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is about this object
            self._set_aside.add(name_of(item), repr(error))
            self._items.pop(uid, None)
            return False
        if new is None:
            self._items.pop(uid, None)
            return True
        self._items[uid] = new
        problem = self._resource.problem(new)
        if problem is not None:
            self._in_part.add(name_of(item), problem)
        return True


def _uid(item: Any) -> str:
    metadata = item.get("metadata") if isinstance(item, Mapping) else None
    uid = metadata.get("uid") if isinstance(metadata, Mapping) else None
    return uid if isinstance(uid, str) else ""
