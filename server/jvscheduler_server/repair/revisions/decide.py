"""Decides which definition a CronJob carries, and since when. Pure.

Kubernetes follows the CronJob, not the ScheduledTask from which it was made. So a revision says
what the CronJob says, and it is in force since the CronJob changed, not since a server saw the
change: due instants before that are judged by the definition of their time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.records.revisions import ScheduleRevision, beginning, identified
from jvscheduler_server.cluster.objects import TaskCronJob
from jvscheduler_server.repair.backends import CRON_JOB, is_carried_by_cron_job

NEW_WITHIN: Final = timedelta(hours=1)
"""A CronJob without a revision counts as new when it is at most this old. An older one was
another history's before: its earlier due instants have no records here and need none."""


def revision_of_cron_job(
    cron_job: TaskCronJob, last: ScheduleRevision | None, now: datetime
) -> ScheduleRevision | None:
    """Return the revision to write. None: the task's last one says the same."""
    revision = ScheduleRevision(
        job_name=cron_job.task_id,
        namespace=cron_job.namespace,
        schedule=cron_job.schedule,
        time_zone=cron_job.time_zone,
        suspended=cron_job.suspended,
        max_concurrency=cron_job.max_concurrency,
        starting_deadline_seconds=cron_job.starting_deadline_seconds,
        backend=CRON_JOB,
    )
    if last is not None and last.meaning() == revision.meaning():
        return None
    return identified(revision, _since(cron_job, last, now))


def revisions_of_cron_job(
    cron_job: TaskCronJob, last: ScheduleRevision | None, now: datetime
) -> Sequence[ScheduleRevision]:
    """Return the revisions to write, also those of its earlier definitions."""
    known_until = last.since if last is not None else None
    unknown = [v for v in cron_job.earlier if known_until is None or v.changed_time > known_until]
    revisions: list[ScheduleRevision] = []
    for version in (*unknown, cron_job):
        revision = revision_of_cron_job(version, last, now)
        if revision is not None:
            revisions.append(revision)
            last = revision
    return revisions


def removal_of(last: ScheduleRevision | None, since: datetime) -> ScheduleRevision | None:
    """Return the revision that ends a task. None: no CronJob carries it any more."""
    return removal_after(last, since) if last is not None and is_carried_by_cron_job(last) else None


def removal_after(last: ScheduleRevision, since: datetime) -> ScheduleRevision:
    return identified(last.model_copy(update={"removed": True}), beginning(last, since))


def _since(cron_job: TaskCronJob, last: ScheduleRevision | None, now: datetime) -> datetime:
    if last is None:
        is_new = now - cron_job.created_time <= NEW_WITHIN
        return cron_job.created_time if is_new else now
    # A CronJob that is older than the loop's revision was kept, suspended, while the loop
    # served the task: it is in force again since its last edit, which resumed it.
    was_kept = last.since is not None and cron_job.created_time < last.since
    goes_on = is_carried_by_cron_job(last) or was_kept
    return beginning(last, cron_job.changed_time if goes_on else cron_job.created_time)
