"""Decides which due instants of a CronJob get a record because nothing ran for them. Pure.

An instant gets one only when nothing can start for it any more: a runner that finds a record
does not run. Kubernetes starts nothing for an instant when a later one is due (it makes up for
the last one only), when its starting deadline is over, or when the CronJob's
`lastScheduleTime` has reached it.

Every instant gets a record of its own, except those of a suspension. Two servers that see the
cluster differently would otherwise write records that overlap.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.timeline import Due
from jvscheduler.outcomes import Reason, Status, Stretch
from jvscheduler_server.cluster.objects import StartFailure, TaskCronJob, TaskKey

GRACE: Final = timedelta(seconds=60)
"""Nothing is decided for an instant that came due less than this ago: Kubernetes' controller,
its scheduler and our watch each take their time."""


@dataclass(frozen=True)
class TaskSnapshot:
    """One task in the cluster at one moment: its CronJob and the instants of its Jobs."""

    key: TaskKey
    name: str
    """Name of the ScheduledTask."""
    cron_job: TaskCronJob | None
    started: Collection[datetime]
    """Instants for which a Job exists, or a pod whose outcome is not recorded yet."""
    active: Collection[datetime]
    """The instants of `started` whose Job has not ended."""
    refusals: Sequence[StartFailure] = ()
    """Events about Jobs that the CronJob could not make."""


@dataclass(frozen=True)
class UnrecordedInstant:
    due: Due
    next: datetime | None
    """The instant that is due after it."""

    @property
    def time(self) -> datetime:
        return self.due.instant

    @property
    def deadline(self) -> datetime | None:
        """The time after which no Job may start for it."""
        deadline = self.due.revision.starting_deadline()
        return None if deadline is None else self.time + deadline


@dataclass(frozen=True)
class Explanation:
    """Why nothing ran for an instant, as its record will say it."""

    status: Status
    reason: Reason
    message: str


@dataclass(frozen=True)
class Evidence:
    """The facts by which the rules explain why nothing ran for an instant."""

    instant: UnrecordedInstant
    task: TaskSnapshot
    jobs: Sequence[ScheduledJob]
    """Records of the task's jobs that were due before the instant or with it."""


Rule = Callable[[Evidence], Explanation | None]


def unrecorded(
    due: Sequence[Due], after: datetime | None, jobs: Iterable[ScheduledJob]
) -> list[UnrecordedInstant]:
    """Return those that no job's record covers. `after` is due after the last one of `due`."""
    times = [each.instant for each in due]
    covered: set[int] = set()
    for job in jobs:
        first, last = job.scheduled_time, job.last_scheduled_time or job.scheduled_time
        if first is not None and last is not None:
            covered.update(range(bisect_left(times, first), bisect_right(times, last)))
    following = [*times[1:], after]
    return [UnrecordedInstant(due[n], following[n]) for n in range(len(due)) if n not in covered]


def can_no_longer_start(instant: UnrecordedInstant, task: TaskSnapshot, now: datetime) -> bool:
    """True when nothing will run for the instant any more."""
    if instant.time in task.started or now - instant.time < GRACE:
        return False
    if instant.due.revision.suspended or task.cron_job is None:
        return True
    last_scheduled = task.cron_job.last_schedule_time
    if last_scheduled is not None and last_scheduled >= instant.time:
        return True
    limits = [limit for limit in (instant.next, instant.deadline) if limit is not None]
    return any(now - limit >= GRACE for limit in limits)


def stretches_to_record(
    instants: Sequence[UnrecordedInstant], task: TaskSnapshot, jobs: Sequence[ScheduledJob]
) -> list[Stretch]:
    """Return the records to write. Consecutive instants of a suspension share one."""
    stretches: list[Stretch] = []
    next_time: datetime | None = None
    for instant in instants:
        stretch = _stretch(instant, task, explain(Evidence(instant, task, jobs)))
        is_next = bool(stretches) and instant.time == next_time
        if is_next and stretch.reason == stretches[-1].reason == Reason.SUSPENDED:
            stretch = _joined(stretches.pop(), stretch)
        stretches.append(stretch)
        next_time = instant.next
    return stretches


def explain(evidence: Evidence) -> Explanation:
    """Return why nothing ran: the first rule's answer."""
    answers = (rule(evidence) for rule in RULES)
    return next((answer for answer in answers if answer is not None), NO_JOB)


def _suspended(evidence: Evidence) -> Explanation | None:
    if not evidence.instant.due.revision.suspended:
        return None
    return Explanation(Status.SKIPPED, Reason.SUSPENDED, "the task was suspended")


def _without_cron_job(evidence: Evidence) -> Explanation | None:
    if evidence.task.cron_job is not None:
        return None
    return Explanation(Status.MISSED, Reason.CONTROLLER_DOWN, "the task had no CronJob")


def _concurrency_forbidden(evidence: Evidence) -> Explanation | None:
    cron_job = evidence.task.cron_job
    if cron_job is None or not cron_job.forbids_concurrency or not _another_was_running(evidence):
        return None
    message = "a job of the task had not ended, and its CronJob forbids another"
    return Explanation(Status.SKIPPED, Reason.CONCURRENCY_LIMIT, message)


def _job_refused(evidence: Evidence) -> Explanation | None:
    # Before the deadline: that is over because of the refusal.
    time, end = evidence.instant.time, evidence.instant.next
    refusals = [
        each
        for each in evidence.task.refusals
        if each.last_time >= time
        and (end is None or each.first_time is None or each.first_time < end)
    ]
    if not refusals:
        return None
    newest = max(refusals, key=lambda each: each.last_time)
    return Explanation(Status.MISSED, Reason.FAILED_CREATE, newest.message)


def _deadline_missed(evidence: Evidence) -> Explanation | None:
    deadline, next_time = evidence.instant.deadline, evidence.instant.next
    # Kubernetes drops an instant when the next one is due. A deadline after that was not
    # what kept the Job from being created.
    if deadline is None or (next_time is not None and deadline >= next_time):
        return None
    message = "Kubernetes made no Job before the task's startingDeadlineSeconds were over"
    return Explanation(Status.MISSED, Reason.DEADLINE_MISSED, message)


RULES: Final[Sequence[Rule]] = (
    _suspended,
    _without_cron_job,
    _concurrency_forbidden,
    _job_refused,
    _deadline_missed,
)

NO_JOB: Final = Explanation(
    Status.MISSED,
    Reason.CONTROLLER_DOWN,
    "Kubernetes made no Job for it, or the Job was deleted before a server saw it",
)
"""The answer when no rule has one."""


def _another_was_running(evidence: Evidence) -> bool:
    time = evidence.instant.time
    if any(other < time for other in evidence.task.active):
        return True
    return any(
        job.execution_time is not None
        and job.attempts
        and job.execution_time <= time
        and (job.completed_at is None or job.completed_at >= time)
        for job in evidence.jobs
    )


def _stretch(instant: UnrecordedInstant, task: TaskSnapshot, explanation: Explanation) -> Stretch:
    return Stretch(
        task_id=task.key.task_id,
        namespace=task.key.namespace,
        name=task.name,
        status=explanation.status,
        reason=explanation.reason,
        message=explanation.message,
        first=instant.time,
        last=instant.time,
        count=1,
    )


def _joined(earlier: Stretch, later: Stretch) -> Stretch:
    return replace(earlier, last=later.last, count=earlier.count + later.count)
