"""Due instants of CronJobs for which nothing ran: whether nothing ever will, and why. Pure.

Only what can no longer start is accounted for, because who finds a record does
not run. Kubernetes starts nothing for an instant when a later one is due (it
makes up for the last one only), when the deadline for starting is over, or when
its own status says that it has looked further.

Each is a record of its own but those of a suspension: two servers that see the
cluster differently must not write stretches that overlap.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from jvscheduler import names
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.timeline import Due
from jvscheduler.outcomes import Reason, Status, Stretch
from jvscheduler_server.cluster.objects import TaskCronJob

GRACE: Final = timedelta(seconds=60)
"""What became due so shortly ago may be on its way: the controller, the scheduler and the
watch each take their time."""


@dataclass(frozen=True)
class Carrier:
    """What carries a task in the cluster now. `cron_job` None: nothing does."""

    namespace: str
    task_id: str
    name: str
    cron_job: TaskCronJob | None
    begun: Collection[datetime]
    """Instants of which a Job, or a pod that is not yet recorded, is known."""
    active: Collection[datetime]
    """Those of them whose Job has not ended."""


@dataclass(frozen=True)
class Open:
    """A due instant without a record, and the one after it."""

    due: Due
    next: datetime | None


def open_instants(
    due: Sequence[Due], after: datetime | None, jobs: Iterable[ScheduledJob]
) -> list[Open]:
    """Those that no record accounts for; `after` is what is due after the last of `due`."""
    instants = [one.instant for one in due]
    taken: set[int] = set()
    for job in jobs:
        first, last = job.scheduled_time, job.last_scheduled_time or job.scheduled_time
        if first is not None and last is not None:
            taken.update(range(bisect_left(instants, first), bisect_right(instants, last)))
    following = [*instants[1:], after]
    return [Open(due[n], following[n]) for n in range(len(due)) if n not in taken]


def is_lost(one: Open, carrier: Carrier, now: datetime) -> bool:
    """Whether nothing will run for it any more."""
    instant, cron_job = one.due.instant, carrier.cron_job
    if instant in carrier.begun or now - instant < GRACE:
        return False
    if one.due.revision.suspended or cron_job is None:
        return True
    passed = cron_job.last_schedule_time
    if passed is not None and passed >= instant:
        return True
    limits = [limit for limit in (one.next, _deadline(one)) if limit is not None]
    return any(now - limit >= GRACE for limit in limits)


def stretches(
    lost: Sequence[Open], carrier: Carrier, jobs: Sequence[ScheduledJob]
) -> list[Stretch]:
    """The records to write."""
    found: list[Stretch] = []
    followed_by: datetime | None = None
    for one in lost:
        made = _stretch(one, carrier, jobs)
        is_next = one.due.instant == followed_by
        if found and is_next and made.reason == found[-1].reason == Reason.SUSPENDED:
            made = _joined(found.pop(), made)
        found.append(made)
        followed_by = one.next
    return found


def _joined(earlier: Stretch, later: Stretch) -> Stretch:
    return Stretch(**{**vars(earlier), "last": later.last, "count": earlier.count + later.count})


def _stretch(one: Open, carrier: Carrier, jobs: Sequence[ScheduledJob]) -> Stretch:
    status, reason, message = _verdict(one, carrier, jobs)
    return Stretch(
        task_id=carrier.task_id,
        namespace=carrier.namespace,
        name=carrier.name,
        status=status,
        reason=reason,
        message=message,
        first=one.due.instant,
        last=one.due.instant,
        count=1,
    )


def _verdict(
    one: Open, carrier: Carrier, jobs: Sequence[ScheduledJob]
) -> tuple[Status, Reason, str]:
    instant, cron_job = one.due.instant, carrier.cron_job
    if one.due.revision.suspended:
        return Status.SKIPPED, Reason.SUSPENDED, "the task was suspended"
    if cron_job is None:
        return Status.MISSED, Reason.CONTROLLER_DOWN, "the task had no CronJob"
    if cron_job.forbids_concurrency and _was_running(instant, carrier, jobs):
        text = "a job of the task had not ended, and its CronJob forbids another"
        return Status.SKIPPED, Reason.CONCURRENCY_LIMIT, text
    deadline = _deadline(one)
    if deadline is not None and (one.next is None or deadline < one.next):
        text = "Kubernetes made no Job before the task's startingDeadlineSeconds were over"
        return Status.MISSED, Reason.DEADLINE_MISSED, text
    text = "Kubernetes made no Job for it"
    return Status.MISSED, Reason.CONTROLLER_DOWN, text


def _was_running(instant: datetime, carrier: Carrier, jobs: Iterable[ScheduledJob]) -> bool:
    if any(other < instant for other in carrier.active):
        return True
    return any(
        job.execution_time is not None
        and job.attempts
        and job.execution_time <= instant
        and (job.completed_at is None or job.completed_at >= instant)
        for job in jobs
    )


def _deadline(one: Open) -> datetime | None:
    seconds = one.due.revision.starting_deadline_seconds
    return None if seconds is None else one.due.instant + timedelta(seconds=seconds)


def carrier_name(task_id: str, cron_job: TaskCronJob | None) -> str:
    return cron_job.name if cron_job else names.resource_name(task_id)
