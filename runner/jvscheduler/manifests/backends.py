"""The rule that chooses which of the two backends carries a task.

A CronJob carries a task if it does exactly what the spec asks for, because a
CronJob needs no part of ours to run. A loop carries every other task, and those
whose spec asks for a loop. The rule reads the spec alone. So `build` and the
operator come to the same answer, and a restart does not change it.
"""

from typing import Final, get_args

from jvscheduler.errors import InvalidTask
from jvscheduler.schedules import Schedule
from jvscheduler.tasks import JOB_RETRY_SECONDS, Backend, ConcurrencyPolicy

BACKENDS: Final[tuple[Backend, ...]] = get_args(Backend)


def choose_backend(
    schedule: Schedule,
    wanted: Backend | None,
    policy: ConcurrencyPolicy = "Forbid",
    shortest_pause: int | None = None,
) -> Backend:
    """`wanted` is `spec.backend`, and `shortest_pause` the seconds before a job's first retry.

    Raises InvalidTask when that is a CronJob and none can carry the task.
    """
    refusal = _cron_job_refusal(schedule, policy, shortest_pause)
    if wanted == "CronJob" and refusal is not None:
        raise InvalidTask(refusal)
    return wanted or ("Loop" if refusal else "CronJob")


def _cron_job_refusal(
    schedule: Schedule, policy: ConcurrencyPolicy, shortest_pause: int | None
) -> str | None:
    """Why no CronJob can carry the task, with the remedy. None: a CronJob can."""
    if schedule.refusal is not None:
        return schedule.refusal
    if policy == "Replace":
        return "concurrencyPolicy Replace needs the Loop: a CronJob skips jobs over maxConcurrency"
    if shortest_pause is not None and shortest_pause < JOB_RETRY_SECONDS:
        return (
            f"retryDelaySeconds {shortest_pause} needs the Loop: a Kubernetes Job waits at least "
            f"{JOB_RETRY_SECONDS} s before a retry"
        )
    return None
