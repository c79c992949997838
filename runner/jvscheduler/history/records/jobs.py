"""The record of a job, as a jvspatial entity.

Field names that jvspatial's documentation teaches (`job_name`, `execution_time`, `status`, …)
are kept, so that users' queries and endpoints go on working. Users' functions may store entities
of the same class name. Those have no `kubernetes_job`: `is_ours` is False for them.
"""

import math
from collections.abc import Iterable
from typing import Any, Final

from jvspatial.core.annotations import attribute, compound_index
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from jvscheduler.causes import cause_of_rule
from jvscheduler.edge import values as edge
from jvscheduler.history.decoding import context_of, each_decoded, undecodable
from jvscheduler.history.entities.objects import Object
from jvscheduler.history.times import Time
from jvscheduler.names import scheduled_job_id, scheduled_job_name
from jvscheduler.outcomes import Reason, Status, Stretch

ENTITY = "ScheduledJob"
COLLECTION = "object"

_TIMES: Final = (
    "execution_time",
    "scheduled_time",
    "last_scheduled_time",
    "completed_at",
    "heartbeat_time",
)
_MOST_ATTEMPTS: Final = 100_000
_MOST_COUNTED: Final = 2**53
"""Beyond, JavaScript and MongoDB count no longer exactly."""


@compound_index([("job_name", 1), ("status", 1)], name="job_name_status")
@compound_index([("job_name", 1), ("scheduled_time", -1)], name="job_name_scheduled_time")
class ScheduledJob(Object):
    """One due instant of one task, with its attempts.

    `job_name` is the task's id. Error, traceback, CPU seconds and memory are those of the last
    attempt. `attempts` holds a few facts of each attempt, as JSON; `records.attempts` parses it.
    """

    job_name: str = ""
    namespace: str = ""
    execution_time: Time | None = attribute(default=None, indexed=True, index_direction=-1)
    """When the first attempt started."""
    scheduled_time: Time | None = None
    """The due instant; None for a job that somebody started by hand."""
    last_scheduled_time: Time | None = None
    """The last instant, when the record is of a stretch of instants that did not run; else None."""
    instants: int = 1
    """How many due instants the record is for: more than one for a stretch only."""
    status: Status = attribute(default=Status.PENDING, indexed=True)
    reason: str | None = None
    cause: str | None = None
    """Whose doing it is that the job has not started, or was skipped or replaced, see `causes`.
    None for any other job."""
    duration_seconds: float | None = None
    """From the first attempt's start to the last one's end."""
    error_message: str | None = None
    traceback: str | None = None
    completed_at: Time | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    result: Any = None
    attempts: list[dict[str, Any]] = Field(default_factory=list)
    retry_count: int = 0
    kubernetes_job: str = ""
    loop: str | None = None
    """The loop that ran the last attempt; None when it ran in a pod of its own."""
    pod_name: str | None = None
    node_name: str | None = None
    peak_memory_bytes: int | None = None
    cpu_seconds: float | None = None
    log_tail: str | None = None
    """The end of the last attempt's output, when a loop's worker ran it."""
    heartbeat_time: Time | None = None
    revision: int = 0
    """Counts the changes. A writer changes the record only while this is what it has read."""

    @property
    def is_ours(self) -> bool:
        """True for a scheduler's record, False for an entity that a user's function stored."""
        return bool(self.kubernetes_job)


def stretch_job(stretch: Stretch) -> ScheduledJob:
    """The record of instants for which no job ran: final, and without an attempt.

    Its id is that of the first instant's job. So a scheduler that comes late cannot claim that job.
    """
    return ScheduledJob(
        id=scheduled_job_id(stretch.namespace, stretch.task_id, stretch.first),
        job_name=stretch.task_id,
        namespace=stretch.namespace,
        execution_time=stretch.last,
        scheduled_time=stretch.first,
        last_scheduled_time=stretch.last if stretch.count > 1 else None,
        instants=stretch.count,
        status=stretch.status,
        reason=stretch.reason,
        cause=cause_of_rule(stretch.reason),
        error_message=stretch.message,
        completed_at=stretch.last,
        kubernetes_job=scheduled_job_name(stretch.name, stretch.first),
        revision=1,
    )


def is_shorter(job: ScheduledJob, other: ScheduledJob) -> bool:
    """True when both are of one suspension, begin at the same instant, and `other` ends later.

    One of two loops on the same tasks may end within a minute, and records the part up to then.
    """
    alike = (job.status, job.reason) == (other.status, other.reason)
    return alike and job.reason == Reason.SUSPENDED and job.instants < other.instants


def from_record(record: dict[str, Any]) -> ScheduledJob:
    try:
        job = ScheduledJob(**context_of(record))
        _check(job)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise undecodable(record, "job record", error) from error
    return job


class _Attempt(BaseModel):
    """What `records.attempts` parses. A later version may have stored more."""

    model_config = ConfigDict(strict=True, extra="ignore")

    attempt_id: str
    status: str
    reason: str | None = None
    start_time: edge.Time
    completion_time: edge.Time | None = None
    error_message: str | None = None
    node_name: str | None = None
    number: edge.Small = 1


_ATTEMPTS: Final = TypeAdapter(list[_Attempt])


def _check(job: ScheduledJob) -> None:
    """Raises ValueError for a record that no scheduler can have written.

    What decides about jobs calculates with these values. One that is out of all reason would fail
    the decision, and with it that of every other record.
    """
    if len(job.attempts) > _MOST_ATTEMPTS:
        raise ValueError(f"it has more than {_MOST_ATTEMPTS} attempts")
    for attempt in _ATTEMPTS.validate_python(job.attempts):
        Status(attempt.status)
    # A text such as "inf" becomes a number here, and no answer of the API can be written with it.
    seconds = (job.duration_seconds, job.cpu_seconds)
    if not all(each is None or math.isfinite(each) for each in seconds):
        raise ValueError("a number of seconds is not finite")
    if job.is_ours:
        _check_ours(job)


def _check_ours(job: ScheduledJob) -> None:
    for name in _TIMES:
        time = getattr(job, name)
        if time is not None:
            edge.read_time(time)
    counts = (job.instants, job.retry_count, job.revision)
    if not all(0 <= count <= _MOST_COUNTED for count in counts):
        raise ValueError("it counts more than there can be")


def decoded(rows: Iterable[dict[str, Any]]) -> tuple[list[ScheduledJob], list[str]]:
    """The valid job records, and the ids of the other rows. Those are logged too."""
    return each_decoded(rows, from_record)


def to_context(job: ScheduledJob) -> dict[str, Any]:
    """The stored fields as JSON values, without jvspatial's own id, entity and type code."""
    dumped = job.model_dump(mode="json", exclude={"id", "entity", "type_code"})
    return dict(dumped)


def to_record(job: ScheduledJob) -> dict[str, Any]:
    return {"id": job.id, "entity": ENTITY, "context": to_context(job)}
