"""The calls for many jobs at once, in as few statements as the database allows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from jvscheduler.history.backends.backend import RowChange
from jvscheduler.history.records.claims import (
    Allowed,
    claim_row,
    end_of_claim,
    lengthening,
    plan_writes,
)
from jvscheduler.history.records.instants import (
    InstantRange,
    by_first_instant,
    last_instants_of_rows,
)
from jvscheduler.history.records.jobs import (
    ENTITY,
    ScheduledJob,
    decoded,
    is_shorter,
    stretch_job,
    to_record,
)
from jvscheduler.history.records.merge import may_run
from jvscheduler.history.store.calls import DatabaseCalls, Query
from jvscheduler.history.times import to_text
from jvscheduler.outcomes import Outcome, Reason, Status, Stretch


class BatchCalls(DatabaseCalls):
    async def claim_all(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        won = await self._call(lambda: self._claim_all(outcomes)) if outcomes else set()
        return [outcome.job_id in won for outcome in outcomes]

    async def record_all(self, outcomes: Sequence[Outcome]) -> None:
        if outcomes:
            await self._call(lambda: self._record_all(outcomes))

    async def heartbeat_all(self, job_ids: Sequence[str], now: datetime) -> None:
        running, beat = {"status": Status.RUNNING.value}, {"heartbeat_time": to_text(now)}
        changes = [RowChange(job_id, running, beat) for job_id in job_ids]
        if changes:
            await self._call(lambda: self._statements.change(changes))

    async def record_stretches(self, stretches: Sequence[Stretch]) -> None:
        jobs = [stretch_job(stretch) for stretch in stretches]
        if jobs:
            await self._call(lambda: self._record_stretches(jobs))

    async def last_instants(
        self, namespace: str, task_ids: Sequence[str], until: datetime
    ) -> Mapping[str, datetime]:
        latest = partial(self._statements.latest, ENTITY, namespace, list(task_ids), to_text(until))
        return last_instants_of_rows(await self._call(latest), namespace, task_ids)

    async def jobs_between(self, instants: InstantRange) -> Sequence[ScheduledJob]:
        after = to_text(instants.start)
        within = {"$gt": after, "$lte": to_text(instants.end)}
        queries: list[Query] = [
            {"context.scheduled_time": within},
            {"context.scheduled_time": {"$exists": False}, "context.execution_time": within},
        ]
        if instants.stretches_from_before:
            queries.append(
                {
                    "context.scheduled_time": {"$lte": after},
                    "context.last_scheduled_time": {"$gt": after},
                }
            )
        task = {"context.job_name": instants.task_id, "context.namespace": instants.namespace}
        answers = [await self._find({**task, **query}) for query in queries]
        return by_first_instant(job for jobs, _ in answers for job in jobs if job.is_ours)

    async def _record_stretches(self, jobs: Sequence[ScheduledJob]) -> None:
        created = await self._statements.insert([to_record(job) for job in jobs])
        suspended = {job.id: job for job in jobs if job.reason == Reason.SUSPENDED}
        others = list(suspended.keys() - created)
        if not others:
            return
        existing = decoded(await self._statements.get(others))[0]
        longer = [job for job in existing if is_shorter(job, suspended[job.id])]
        changes = [lengthening(job, suspended[job.id]) for job in longer]
        if changes:
            await self._statements.change(changes)

    async def _claim_all(self, outcomes: Sequence[Outcome]) -> set[str]:
        won = set(await self._statements.insert([claim_row(outcome) for outcome in outcomes]))
        # The others have a record: a retry may run, and so may a claim whose answer was lost.
        existing = [outcome for outcome in outcomes if outcome.job_id not in won]
        return won | await self._write(existing, may_run)

    async def _record_all(self, outcomes: Sequence[Outcome]) -> None:
        # Most outcomes end a claim that nobody has changed: one statement, without reading.
        ends = [end_of_claim(outcome) for outcome in outcomes if outcome.status.is_final]
        done = await self._statements.change(ends) if ends else set()
        rest = [outcome for outcome in outcomes if outcome.job_id not in done]
        await self._write(rest, lambda _job, _outcome: True)

    async def _write(self, outcomes: Sequence[Outcome], allowed: Allowed) -> set[str]:
        """Merge the outcomes into their records. Returns the ids of the jobs that now have them.

        Jobs whose record another writer changed first are read and merged again.
        """
        written: set[str] = set()
        while outcomes:
            rows = await self._statements.get([outcome.job_id for outcome in outcomes])
            writes = plan_writes(outcomes, rows, allowed)
            done = writes.settled
            if writes.inserts:
                done |= await self._statements.insert(writes.inserts)
            if writes.changes:
                done |= await self._statements.change(writes.changes)
            written |= done
            outcomes = [o for o in outcomes if o.job_id not in done | writes.refused]
        return written
