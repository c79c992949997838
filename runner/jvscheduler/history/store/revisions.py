"""The calls for revisions: which definition of a task is in force since when."""

from collections.abc import Mapping, Sequence
from typing import Final

from jvscheduler.history.decoding import each_decoded
from jvscheduler.history.queries.fields import fields_of
from jvscheduler.history.queries.parsing import parse
from jvscheduler.history.records.revisions import ENTITY, ScheduleRevision, by_start
from jvscheduler.history.store.calls import DatabaseCalls, Query

_FIELDS: Final = fields_of(ScheduleRevision)


class RevisionCalls(DatabaseCalls):
    async def add_revisions(self, revisions: Sequence[ScheduleRevision]) -> None:
        rows = [revision.to_row() for revision in revisions]
        if rows:
            await self._call(lambda: self._statements.insert(rows))

    async def revisions(
        self, namespace: str, task_ids: Sequence[str] | None = None
    ) -> Sequence[ScheduleRevision]:
        query: Query = {"entity": ENTITY, "context.namespace": namespace}
        if task_ids is not None:
            query["context.job_name"] = {"$in": list(task_ids)}
        where = parse(query, _FIELDS)
        rows = await self._call(lambda: self._rows.find(where, (), None, 0))
        return by_start(each_decoded(rows, ScheduleRevision.from_row)[0])

    async def last_revisions(
        self, namespace: str, task_ids: Sequence[str] | None = None
    ) -> Mapping[str, ScheduleRevision]:
        return {r.job_name: r for r in await self.revisions(namespace, task_ids)}

    async def tasks(self, namespace: str | None = None) -> Sequence[tuple[str, str]]:
        of_namespace = {} if namespace is None else {"context.namespace": namespace}
        where = parse({"entity": ENTITY, **of_namespace}, _FIELDS)
        fields = [_FIELDS(name) for name in ("namespace", "job_name")]
        pairs = await self._call(lambda: self._rows.distinct(where, fields))
        return [(str(namespace), str(task_id)) for namespace, task_id in pairs]
