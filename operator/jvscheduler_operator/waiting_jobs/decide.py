"""Decides which Jobs of a task are given up, and when to look again. Pure.

With a starting deadline, it holds for the start of the pod too, and for the pod of each retry from
when that was made. Without one, as many jobs wait as may run at once: the oldest of those that were
made from the task's present pod template. A loop that has taken the task over makes no Job that
could take their place, so what waits then has five minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from jvscheduler import names
from jvscheduler.outcomes import Reason
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.tasks.retirement import retired_time
from jvscheduler_operator.waiting_jobs.jobs import WaitingJob

GIVE_UP_AFTER_SECONDS: Final = 1
"""A Job's own deadline, set when it is given up: it has been active for longer."""


AFTER_TAKEOVER: Final = timedelta(minutes=5)
"""A pod that waits for its image or its node when a loop takes over has this long."""

_SKIPPED: Final = "is skipped, maxConcurrency Jobs wait already"
_LATE: Final = "is given up, its startingDeadlineSeconds are over"
_TAKEN_OVER: Final = "is given up, its CronJob has made no Jobs for five minutes"

RETRY_LOOK: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Rules:
    """How long a task's jobs may wait, and how many."""

    starting_deadline: timedelta | None
    max_concurrency: int
    has_retries: bool = False
    retired_time: datetime | None = None
    """Since when the CronJob makes no more Jobs, because it no longer carries the task."""

    def end_of_wait(self, since: datetime) -> datetime | None:
        """When a Job that waits since then has waited for too long. None: no time limits it."""
        if self.starting_deadline is not None:
            return since + self.starting_deadline
        if self.retired_time is not None:
            return max(since, self.retired_time) + AFTER_TAKEOVER
        return None


@dataclass(frozen=True)
class GivenUp:
    job: WaitingJob
    reason: Reason
    text: str
    """What is done with it and why, for an Event."""
    behind: WaitingJob | None = None
    """The first of the Jobs that wait in its place."""


def rules_of(task: Manifest, cron_job: Manifest) -> Rules:
    spec = task["spec"]
    seconds = spec.get("startingDeadlineSeconds")
    deadline = None if seconds is None else timedelta(seconds=seconds)
    return Rules(
        starting_deadline=deadline,
        max_concurrency=spec.get("maxConcurrency", 1),
        has_retries=spec.get("backoffLimit", 0) > 0,
        retired_time=retired_time(cron_job),
    )


def active_instants(cron_job: Manifest) -> list[datetime]:
    """The due instants of the CronJob's Jobs that have not ended."""
    name = cron_job["metadata"]["name"]
    jobs = cron_job.get("status", {}).get("active", [])
    times = (names.scheduled_time_of(job["name"], name) for job in jobs)
    return [time for time in times if time is not None]


def must_look(active: Sequence[datetime], rules: Rules, now: datetime) -> bool:
    """True when a Job may have to be given up. Then its pods are listed."""
    ends = _ends(active, rules)
    return any(now > end for end in ends) if ends else len(active) > rules.max_concurrency


def next_look(since: Sequence[datetime], rules: Rules, now: datetime) -> timedelta | None:
    """When the next wait has been too long, of those that begin then.

    None: only an event of the CronJob brings one.
    """
    ends = _ends(since, rules)
    # Past its deadline a Job may wait again: no event of ours says that its retry has a pod.
    retries = [RETRY_LOOK] if rules.has_retries and any(end < now for end in ends) else []
    return min([*retries, *(end - now for end in ends if end >= now)], default=None)


def _ends(since: Sequence[datetime], rules: Rules) -> list[datetime]:
    ends = (rules.end_of_wait(begin) for begin in since)
    return [end for end in ends if end is not None]


def to_give_up(waiting: Sequence[WaitingJob], rules: Rules, now: datetime) -> list[GivenUp]:
    """`waiting` are the task's Jobs that wait to start, the oldest first."""
    ends = [(job, rules.end_of_wait(job.since)) for job in waiting]
    if all(end is None for _, end in ends):
        # A Job keeps the template that it was made from. If the one with a wrong image kept its
        # place, the task would not run again after the image was corrected.
        ranked = sorted(waiting, key=lambda job: job.is_of_former_template)
        late = ranked[rules.max_concurrency :]
        return [GivenUp(job, Reason.CONCURRENCY_LIMIT, _SKIPPED, ranked[0]) for job in late]
    over = [job for job, end in ends if end is not None and now > end]
    text = _TAKEN_OVER if rules.starting_deadline is None else _LATE
    return [GivenUp(job, Reason.DEADLINE_MISSED, text) for job in over]


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
