"""The record of instants for which no job ran: final from the start, and without an attempt.

Its id is the first instant's, so that who would run that one finds it taken.
"""

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.names import scheduled_job_id, scheduled_job_name
from jvscheduler.outcomes import Stretch


def accounted(stretch: Stretch) -> ScheduledJob:
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
        error_message=stretch.message,
        completed_at=stretch.last,
        kubernetes_job=scheduled_job_name(stretch.name, stretch.first),
        revision=1,
    )
