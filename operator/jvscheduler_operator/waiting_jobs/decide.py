"""Decides which Jobs of a task are given up, and when to look again. Pure.

With a starting deadline, it holds for the start of the pod too. Without one, as many jobs wait
as may run at once: the oldest of those that were made from the task's present pod template.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from jvscheduler import names
from jvscheduler.outcomes import Reason
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.waiting_jobs.jobs import WaitingJob

GIVE_UP_AFTER_SECONDS: Final = 1
"""A Job's own deadline, set when it is given up: it has been active for longer."""


@dataclass(frozen=True)
class Rules:
    """The fields of a task that say how long its jobs may wait, and how many."""

    starting_deadline: timedelta | None
    max_concurrency: int


@dataclass(frozen=True)
class GivenUp:
    job: WaitingJob
    reason: Reason
    behind: WaitingJob | None = None
    """The first of the Jobs that wait in its place."""


def rules_of(task: Manifest) -> Rules:
    spec = task["spec"]
    seconds = spec.get("startingDeadlineSeconds")
    deadline = None if seconds is None else timedelta(seconds=seconds)
    return Rules(deadline, spec.get("maxConcurrency", 1))


def active_instants(cron_job: Manifest) -> list[datetime]:
    """The due instants of the CronJob's Jobs that have not ended."""
    name = cron_job["metadata"]["name"]
    jobs = cron_job.get("status", {}).get("active", [])
    times = (names.scheduled_time_of(job["name"], name) for job in jobs)
    return [time for time in times if time is not None]


def must_look(active: Sequence[datetime], rules: Rules, now: datetime) -> bool:
    """True when a Job may have to be given up. Then its pods are listed."""
    if rules.starting_deadline is None:
        return len(active) > rules.max_concurrency
    return any(now > instant + rules.starting_deadline for instant in active)


def next_look(active: Sequence[datetime], rules: Rules, now: datetime) -> timedelta | None:
    """When the next deadline is over. None: only an event of the CronJob brings one."""
    if rules.starting_deadline is None:
        return None
    ends = [instant + rules.starting_deadline for instant in active]
    # A moment later, so that it is over when we look.
    return min((end - now for end in ends if end >= now), default=None)


def to_give_up(waiting: Sequence[WaitingJob], rules: Rules, now: datetime) -> list[GivenUp]:
    """`waiting` are the task's Jobs that wait to start, the oldest first."""
    deadline = rules.starting_deadline
    if deadline is None:
        # A Job keeps the template that it was made from. If the one with a wrong image kept its
        # place, the task would not run again after the image was corrected.
        ranked = sorted(waiting, key=lambda job: job.is_of_former_template)
        late = ranked[rules.max_concurrency :]
        return [GivenUp(job, Reason.CONCURRENCY_LIMIT, ranked[0]) for job in late]
    late = [job for job in waiting if now > job.scheduled_time + deadline]
    return [GivenUp(job, Reason.DEADLINE_MISSED) for job in late]


def patch_of(given_up: GivenUp) -> Manifest:
    """The patch that makes Kubernetes end the Job and its pods.

    The Job stays, as one that failed: a server that comes later still finds why.
    """
    return {
        "metadata": {
            # If its pod has started since, the Job has another version.
            "resourceVersion": given_up.job.version,
            "annotations": {names.GIVEN_UP_ANNOTATION: str(given_up.reason)},
        },
        "spec": {"activeDeadlineSeconds": GIVE_UP_AFTER_SECONDS},
    }
