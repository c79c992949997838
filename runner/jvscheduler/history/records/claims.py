"""Plans the writes for a batch of outcomes: rows to insert, and changes to make."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from jvscheduler.history.backends.backend import RowChange
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.records.jobs import ENTITY, ScheduledJob, decoded, to_context
from jvscheduler.history.records.merge import attempt_after, fields_after, first_fields, merge
from jvscheduler.history.times import to_text
from jvscheduler.outcomes import Outcome, Status

_EMPTY: Final = to_context(ScheduledJob())

Allowed = Callable[[ScheduledJob, Outcome], bool]
"""True when the outcome may change the job's record."""


@dataclass
class Writes:
    """The writes for outcomes, some of which have a record already."""

    inserts: list[Row] = field(default_factory=list)
    changes: list[RowChange] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)
    """Ids of jobs whose record is as it should be."""
    refused: set[str] = field(default_factory=set)
    """Ids of jobs whose record must not be changed, or cannot be read.

    A record that cannot be read must not keep the others of the batch from being written."""


def plan_writes(outcomes: Iterable[Outcome], rows: Iterable[Row], allowed: Allowed) -> Writes:
    """`rows` are the records that exist."""
    existing, undecodable = decoded(rows)
    jobs = {job.id: job for job in existing}
    writes = Writes(refused=set(undecodable))
    for outcome in outcomes:
        job = jobs.get(outcome.job_id)
        if outcome.job_id in writes.refused:
            continue
        if job is None:
            writes.inserts.append(claim_row(outcome))
        elif not allowed(job, outcome):
            writes.refused.add(job.id)
        elif (merged := merge(job, outcome)) is None:
            writes.settled.add(job.id)
        else:
            changed = _difference(job, merged)
            writes.changes.append(RowChange(job.id, {"revision": job.revision}, changed))
    return writes


def lengthening(job: ScheduledJob, longer: ScheduledJob) -> RowChange:
    """The change that makes a stretch's record as long as another one from the same instant."""
    merged = longer.model_copy(update={"revision": job.revision + 1})
    return RowChange(job.id, {"revision": job.revision}, _difference(job, merged))


def claim_row(outcome: Outcome) -> Row:
    """Equal to `to_record(first_record(outcome))`, but built without checking an entity.

    A loop claims thousands of jobs at once; to check each entity would take most of the time.
    """
    context = {**_EMPTY, **_stored(first_fields(outcome))}
    return {"id": outcome.job_id, "entity": ENTITY, "context": context}


def end_of_claim(outcome: Outcome) -> RowChange:
    """The end of the job's first attempt, written without reading the record.

    The change is made only while the record is that attempt's claim, unchanged since.
    """
    claim = _claim(outcome)
    claimed, attempt = first_fields(claim), attempt_after(None, claim)
    names = ("revision", "pod_name", "status", "retry_count", "node_name")
    expected = _stored({name: claimed[name] for name in names})
    ended = fields_after([attempt], outcome, outcome.retry_count, claimed["revision"])
    changed = {name: value for name, value in ended.items() if value != claimed.get(name)}
    # Written in any case: the stored claim may have an earlier start than this outcome.
    changed["execution_time"] = ended["execution_time"]
    return RowChange(outcome.job_id, expected, _stored(changed))


def _claim(outcome: Outcome) -> Outcome:
    """The claim with which this attempt began."""
    return Outcome(
        job_id=outcome.job_id,
        task_id=outcome.task_id,
        namespace=outcome.namespace,
        job_name=outcome.job_name,
        attempt_id=outcome.attempt_id,
        status=Status.RUNNING,
        scheduled_time=outcome.scheduled_time,
        start_time=outcome.start_time,
        retry_count=outcome.retry_count,
        node_name=outcome.node_name,
    )


def _difference(before: ScheduledJob, after: ScheduledJob) -> Mapping[str, Any]:
    old, new = to_context(before), to_context(after)
    return {name: value for name, value in new.items() if old[name] != value}


def _stored(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: to_text(value) if isinstance(value, datetime) else value
        for name, value in fields.items()
    }
