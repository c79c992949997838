"""The record of instants for which no job ran: final from the start, and without an attempt.

Its id is the first instant's, so that who would run that one finds it taken.
"""

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.names import scheduled_job_id, scheduled_job_name
from jvscheduler.outcomes import Gap


def accounted(gap: Gap) -> ScheduledJob:
    return ScheduledJob(
        id=scheduled_job_id(gap.namespace, gap.task_id, gap.first),
        job_name=gap.task_id,
        namespace=gap.namespace,
        execution_time=gap.last,
        scheduled_time=gap.first,
        last_scheduled_time=gap.last if gap.count > 1 else None,
        instants=gap.count,
        status=gap.status,
        reason=gap.reason,
        error_message=gap.message,
        completed_at=gap.last,
        kubernetes_job=scheduled_job_name(gap.name, gap.first),
        revision=1,
    )
