"""Which definition of a task a CronJob carries, and since when. Pure.

What Kubernetes follows is the CronJob, not the ScheduledTask that it was made
from, so the revision is the CronJob's; and it is in force since the CronJob
changed, not since a server saw that: instants in between are judged by what
was true then, also when no server ran.
"""

from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.records.revisions import ScheduleRevision, beginning, identified
from jvscheduler_server.cluster.objects import TaskCronJob

CRON_JOB: Final = "CronJob"
LOOP: Final = "Loop"

FIRST_SIGHT: Final = timedelta(hours=1)
"""A CronJob that is older when a history first hears of it was another history's: what it
did before is none of this one's."""


def revision_of(
    cron_job: TaskCronJob, last: ScheduleRevision | None, now: datetime
) -> ScheduleRevision | None:
    """None when the task's last revision says the same."""
    made = ScheduleRevision(
        job_name=cron_job.task_id,
        namespace=cron_job.namespace,
        schedule=cron_job.schedule,
        time_zone=cron_job.time_zone,
        suspended=cron_job.suspended,
        max_concurrency=cron_job.max_concurrency,
        starting_deadline_seconds=cron_job.starting_deadline_seconds,
        backend=CRON_JOB,
    )
    if last is not None and last.meaning() == made.meaning():
        return None
    return identified(made, _since(cron_job, last, now))


def removal_of(last: ScheduleRevision | None, since: datetime) -> ScheduleRevision | None:
    """None when it was not, or is no longer, a CronJob's."""
    return removed(last, since) if last is not None and is_carried(last) else None


def removed(last: ScheduleRevision, since: datetime) -> ScheduleRevision:
    return identified(last.model_copy(update={"removed": True}), beginning(last, since))


def is_carried(last: ScheduleRevision) -> bool:
    return last.backend == CRON_JOB and not last.removed


def is_served(last: ScheduleRevision) -> bool:
    return last.backend == LOOP and not last.removed


def _since(cron_job: TaskCronJob, last: ScheduleRevision | None, now: datetime) -> datetime:
    if last is None:
        is_new = now - cron_job.created_time <= FIRST_SIGHT
        return cron_job.created_time if is_new else now
    was_kept = last.since is not None and cron_job.created_time < last.since
    goes_on = is_carried(last) or was_kept  # suspended, while a loop served the task
    return beginning(last, cron_job.changed_time if goes_on else cron_job.created_time)
