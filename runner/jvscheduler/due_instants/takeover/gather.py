"""Gathers what the history has of the tasks that this loop has taken over."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from jvscheduler.due_instants.takeover.decide import Takeover, TaskRecords
from jvscheduler.history.records.revisions import by_task
from jvscheduler.history.store.protocol import LoopStore

_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


async def gather(store: LoopStore, takeovers: Mapping[str, Takeover]) -> Mapping[str, TaskRecords]:
    """Return the records by the names of `takeovers`, at least one. Raises HistoryUnavailable."""
    task_ids = {name: takeover.definition.task.task_id for name, takeover in takeovers.items()}
    # A loop serves one namespace.
    (namespace,) = {takeover.definition.namespace for takeover in takeovers.values()}
    until = min(takeover.since for takeover in takeovers.values())
    ids = list(task_ids.values())
    last = await store.last_instants(namespace, ids, until)
    latest = await store.last_instants(namespace, ids, _FOR_EVER)
    revisions = by_task(await store.revisions(namespace, ids))
    return {
        name: TaskRecords(last.get(task_id), latest.get(task_id), revisions.get(task_id, ()))
        for name, task_id in task_ids.items()
    }
