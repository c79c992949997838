"""Which of the two backends carries a task.

A CronJob where it does exactly what the spec asks for, since it needs nothing of
ours to be there; the loop for the rest and for who asks for it. Decided from the
spec alone, so that it is the same everywhere and does not change by itself.
"""

from typing import TYPE_CHECKING, Final, Literal, get_args

from jvscheduler.errors import InvalidTask
from jvscheduler.schedules import Schedule

if TYPE_CHECKING:  # the build does without pydantic
    from jvscheduler.manifests.spec import ScheduledTaskSpec

Backend = Literal["CronJob", "Loop"]
BACKENDS: Final[tuple[Backend, ...]] = get_args(Backend)


def backend_of(spec: "ScheduledTaskSpec", schedule: Schedule) -> Backend:
    """Raises InvalidTask when a CronJob is asked for that cannot carry the task."""
    refusal = _refusal_of_cron_job(spec, schedule)
    if spec.backend == "CronJob" and refusal is not None:
        raise InvalidTask(refusal)
    return spec.backend or ("Loop" if refusal else "CronJob")


def _refusal_of_cron_job(spec: "ScheduledTaskSpec", schedule: Schedule) -> str | None:
    if schedule.refusal is not None:
        return schedule.refusal
    if spec.concurrency_policy == "Replace":
        return "concurrencyPolicy Replace takes the Loop: with a CronJob, jobs over it are skipped"
    return None
