"""One resource in all namespaces, or in each of some, read as one.

An account that may read some namespaces only must ask for each by itself.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from jvscheduler.edge.missing_namespaces import MissingNamespaces
from jvscheduler_server.kubernetes.informer import Informer, Resource, WatchedNamespace

T = TypeVar("T")


@dataclass(frozen=True)
class InformerGroup(Generic[T]):
    informers: Sequence[Informer[T]]

    @property
    def synced(self) -> bool:
        """True once the first list of each has arrived."""
        return all(informer.synced for informer in self.informers)

    @property
    def listed_time(self) -> datetime | None:
        """When the last list of any was asked for. None until the first list of each is there."""
        times = [informer.listed_time for informer in self.informers]
        known = [time for time in times if time is not None]
        return max(known) if known and len(known) == len(times) else None

    def items(self) -> Sequence[T]:
        return tuple(item for informer in self.informers for item in informer.items())

    async def run(self) -> None:
        """List and watch until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for informer in self.informers:
                group.create_task(informer.run())


def in_namespaces(
    resource: Resource[T], namespaces: Sequence[str], missing: MissingNamespaces
) -> Sequence[Resource[T]]:
    """The resource in each of the namespaces; in all of them when none is named."""
    if not namespaces:
        return [resource]
    group, _, plural = resource.path.rpartition("/")
    return [
        replace(
            resource,
            path=f"{group}/namespaces/{name}/{plural}",
            namespace=WatchedNamespace(name, missing),
        )
        for name in namespaces
    ]
