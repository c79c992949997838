"""One store for the contract suites that reads and writes as the parts of a cluster do.

What is about a namespace goes through the role of the namespace, or through the server's. What is
about all namespaces is read by the server. What only a loop does is done by each namespace's role.
"""

from collections.abc import Sequence
from typing import Any, Final

from jvscheduler.history.store.database import open_store
from jvscheduler.history.store.protocol import LoopStore

_OF_ALL: Final = (
    *("unfinished", "recent", "counts"),
    *("newest", "total", "jobs_with_id", "with_record", "running"),
)
_OF_A_LOOP: Final = ("heartbeat", "heartbeat_all", "extend_slots", "release_slots")
_OF_GROUPS: Final = (
    "claim_all",
    "record_all",
    "record_stretches",
    "add_takeovers",
    "remove_takeovers",
    "remove_presences",
    "add_revisions",
)
"""The calls for many things, which may be of several namespaces."""


class ClusterStore:
    def __init__(self, server: LoopStore, tenants: dict[str, LoopStore], *, by_server: bool):
        self._server = server
        self._tenants = tenants
        self._by_server = by_server

    async def open(self) -> None:
        await self._all("open")

    async def close(self) -> None:
        await self._all("close")

    async def ping(self) -> None:
        await self._all("ping")

    async def _all(self, name: str) -> None:
        for store in (self._server, *self._tenants.values()):
            await getattr(store, name)()

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any, **options: Any) -> Any:
            if name in _OF_A_LOOP:
                for store in self._tenants.values():
                    await getattr(store, name)(*arguments)
                return None
            namespaces = _namespaces(name, arguments)
            if self._by_server or not self._tenants.keys() >= set(namespaces) or not namespaces:
                return await getattr(self._server, name)(*arguments, **options)
            if name not in _OF_GROUPS and name != "acquire_slots":
                store = self._tenants[namespaces[0]]
                return await getattr(store, name)(*arguments, **options)
            return await self._of_each(name, namespaces, arguments)

        return call

    async def _of_each(self, name: str, namespaces: Sequence[str], arguments: Any) -> Any:
        items, *others = arguments
        answers: dict[int, Any] = {}
        for namespace in dict.fromkeys(namespaces):
            numbers = [n for n, of_item in enumerate(namespaces) if of_item == namespace]
            group = [items[number] for number in numbers]
            given = await getattr(self._tenants[namespace], name)(group, *others)
            answers |= dict(zip(numbers, given or (), strict=False))
        return [answers[number] for number in sorted(answers)] if answers else None


def _namespaces(name: str, arguments: Sequence[Any]) -> list[str]:
    """The namespaces that a call is about, in the order of its items. Empty: all of them."""
    if name in _OF_ALL or not arguments or arguments[0] is None:
        return []
    if name in _OF_GROUPS or name == "acquire_slots":
        return [_namespace(item) for item in arguments[0]]
    return [arguments[0] if isinstance(arguments[0], str) else _namespace(arguments[0])]


def _namespace(item: Any) -> str:
    """A takeover has its revision's."""
    return str(item.namespace if hasattr(item, "namespace") else item.revision.namespace)


def open_cluster_store(server: str, tenants: dict[str, str], *, by_server: bool) -> Any:
    stores = {namespace: open_store(url) for namespace, url in tenants.items()}
    return ClusterStore(open_store(server), stores, by_server=by_server)
