"""The rule that chooses which of the two backends carries a task.

A CronJob carries the task where it does exactly what the spec asks for, because
it runs without any part of ours. The loop carries the rest, and what asks for
it. The rule reads the spec alone: build, operator and CLI come to the same
answer, and it does not change while the spec stays the same.
"""

from typing import Final, Literal, get_args

from jvscheduler.errors import InvalidTask
from jvscheduler.schedules import Schedule

Backend = Literal["CronJob", "Loop"]
BACKENDS: Final[tuple[Backend, ...]] = get_args(Backend)

ConcurrencyPolicy = Literal["Forbid", "Replace"]


def choose_backend(
    schedule: Schedule, wanted: Backend | None, policy: ConcurrencyPolicy = "Forbid"
) -> Backend:
    """`wanted` is `spec.backend`. Raises InvalidTask for a CronJob that cannot carry the task."""
    refusal = _cron_job_refusal(schedule, policy)
    if wanted == "CronJob" and refusal is not None:
        raise InvalidTask(refusal)
    return wanted or ("Loop" if refusal else "CronJob")


def _cron_job_refusal(schedule: Schedule, policy: ConcurrencyPolicy) -> str | None:
    """The reason why a CronJob cannot carry the task; None when it can."""
    if schedule.refusal is not None:
        return schedule.refusal
    if policy == "Replace":
        return "concurrencyPolicy Replace takes the Loop: with a CronJob, jobs over it are skipped"
    return None
