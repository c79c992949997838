"""Gathers what the history has of tasks that this loop has begun to serve.

A loop serves one namespace.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from jvscheduler.history.records.revisions import ScheduleRevision, by_task
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.loop.takeover.decide import Takeover

_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Told:
    """`before` is the last instant until the takeover that has an account, `latest` the last of
    all: of a time to come, when a clock was ahead."""

    before: datetime | None
    latest: datetime | None
    revisions: Sequence[ScheduleRevision]


async def told_of(store: LoopStore, takeovers: Mapping[str, Takeover]) -> Mapping[str, Told]:
    """By the names of `takeovers`, of which there are some. Raises HistoryUnavailable."""
    tasks = {name: one.definition.task.task_id for name, one in takeovers.items()}
    (namespace,) = {one.definition.namespace for one in takeovers.values()}
    until = min(one.since for one in takeovers.values())
    ids = list(tasks.values())
    before = await store.last_instants(namespace, ids, until)
    latest = await store.last_instants(namespace, ids, _FOR_EVER)
    revisions = by_task(await store.revisions(namespace, ids))
    return {
        name: Told(before.get(task_id), latest.get(task_id), revisions.get(task_id, ()))
        for name, task_id in tasks.items()
    }
