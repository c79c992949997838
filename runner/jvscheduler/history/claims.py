"""What a batch of outcomes asks of the database: rows to insert, changes to make. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jvscheduler.history.jobs import ScheduledJob, decoded, to_context, to_record
from jvscheduler.history.merge import merge, opened
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.statements.seam import Change
from jvscheduler.history.times import to_text
from jvscheduler.outcomes import Outcome, Status

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
    return to_record(opened(outcome))


def end_of_claim(outcome: Outcome) -> Change:
    """The end of an attempt whose claim nobody has changed since, without reading it.

    Only that very claim is as expected: the job's first, of this attempt, with this start.
    """
    claimed = opened(_claim(outcome))
    expected: dict[str, str | int | None] = {
        "revision": claimed.revision,
        "pod_name": outcome.attempt_id,
        "execution_time": to_text(outcome.start_time),
        "status": Status.RUNNING.value,
        "retry_count": outcome.retry_count,
        "node_name": outcome.node_name,
    }
    merged = merge(claimed, outcome) or claimed
    return Change(outcome.job_id, expected, _difference(claimed, merged))


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
