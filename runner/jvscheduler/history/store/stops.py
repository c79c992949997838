"""The calls for the time at which a namespace's scheduler has stopped."""

from datetime import datetime

from jvscheduler.history.backends.backend import RowChange
from jvscheduler.history.records.stops import SchedulerStop, stop_of
from jvscheduler.history.store.calls import DatabaseCalls
from jvscheduler.names import stop_id


class StopCalls(DatabaseCalls):
    async def record_stop(self, namespace: str, stop_time: datetime | None) -> None:
        await self._call(lambda: self._record_stop(namespace, stop_time))

    async def stop_time(self, namespace: str) -> datetime | None:
        rows = await self._call(lambda: self._statements.get([stop_id(namespace)]))
        return SchedulerStop.from_row(rows[0]).stop_time if rows else None

    async def _record_stop(self, namespace: str, stop_time: datetime | None) -> None:
        row = stop_of(namespace, stop_time).to_row()
        if await self._statements.insert([row]):
            return
        changed = {"stop_time": row["context"]["stop_time"]}
        await self._statements.change([RowChange(row["id"], {"namespace": namespace}, changed)])
