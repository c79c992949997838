"""What a batch of outcomes asks of the database: rows to insert, changes to make. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from jvscheduler.history.backends.seam import Change
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.records.jobs import ENTITY, ScheduledJob, decoded, to_context
from jvscheduler.history.records.merge import merge, opening, told
from jvscheduler.history.times import to_text
from jvscheduler.outcomes import Outcome, Status

_EMPTY: Final = to_context(ScheduledJob())
Allowed = Callable[[ScheduledJob, Outcome], bool]


@dataclass
class Steps:
    """For outcomes of which some have a record already.

    `settled`: there is nothing to write. `refused`: nothing may be written, also because the
    record is none that can be read, which must not hold up the others.
    """

    inserts: list[Row] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)


def steps(outcomes: Iterable[Outcome], rows: Iterable[Row], allowed: Allowed) -> Steps:
    found, undecodable = decoded(rows)
    jobs = {job.id: job for job in found}
    made = Steps(refused=set(undecodable))
    for outcome in outcomes:
        job = jobs.get(outcome.job_id)
        if outcome.job_id in made.refused:
            continue
        if job is None:
            made.inserts.append(claim_row(outcome))
        elif not allowed(job, outcome):
            made.refused.add(job.id)
        elif (merged := merge(job, outcome)) is None:
            made.settled.add(job.id)
        else:
            changed = _difference(job, merged)
            made.changes.append(Change(job.id, {"revision": job.revision}, changed))
    return made


def claim_row(outcome: Outcome) -> Row:
    """What `to_record(opened(outcome))` is, without the time that a checked entity takes."""
    context = {**_EMPTY, **_stored(opening(outcome))}
    return {"id": outcome.job_id, "entity": ENTITY, "context": context}


def end_of_claim(outcome: Outcome) -> Change:
    """The end of an attempt whose claim nobody has changed since, without reading it.

    Only that very claim is as expected: the job's first, of this attempt. No attempt begins before
    its claim.
    """
    claimed = opening(_claim(outcome))
    names = ("revision", "pod_name", "status", "retry_count", "node_name")
    expected = _stored({name: claimed[name] for name in names})
    ended = told(claimed["attempts"], outcome, outcome.retry_count, claimed["revision"])
    changed = {name: value for name, value in ended.items() if value != claimed.get(name)}
    changed["execution_time"] = ended["execution_time"]
    return Change(outcome.job_id, expected, _stored(changed))


def _claim(outcome: Outcome) -> Outcome:
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
