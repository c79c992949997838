"""CronJobs that are due at once, so that the real controller shows at once what it starts.

The controller starts the most recent instant that came due since the CronJob's
`status.lastScheduleTime`, and puts that instant into the Job's name. With that
time in the past, each CronJob starts a Job without waiting for its minute.
Where more than one instant was missed, the controller finds the last one only
if they are evenly apart (kubernetes `pkg/controller/cronjob/utils.go`,
`mostRecentScheduleTime`); where it and we disagree there may be no Job at all.
The Jobs are suspended: no pod starts.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from jvscheduler import Schedule, names, parse_schedule
from tests.cluster.plugin import RunningCluster
from tests.support.waiting import eventually

NAMESPACE = "schedules"
_LOOKING = timedelta(seconds=2)
"""From the controller's look at the clock to the Job that it creates, at most."""


@dataclass(frozen=True)
class Missed:
    """A schedule that missed so many instants; more than one only if they are evenly apart."""

    text: str
    zone: str = "UTC"
    count: int = 1

    @property
    def schedule(self) -> Schedule:
        return parse_schedule(self.text, self.zone)

    def last_schedule_time(self, now: datetime) -> datetime:
        """The instant before those that were missed."""
        span = timedelta(hours=1)
        while len(due := list(self.schedule.between(now - span, now))) <= self.count:
            span *= 2
        return due[-1 - self.count]


@dataclass(frozen=True)
class FirstStart:
    """The first instant that the controller started, and what was due by our rules."""

    started: datetime
    due: frozenset[datetime]


def first_starts(cluster: RunningCluster, cases: Sequence[Missed]) -> list[FirstStart]:
    """What the controller started, in the order of the cases."""
    now = datetime.now(UTC)
    last = [case.last_schedule_time(now) for case in cases]
    _create(cluster, cases, last)
    jobs = eventually(lambda: _first_jobs(cluster, cases), "each CronJob has a Job", 60)
    return [_first_start(*each) for each in zip(jobs, cases, last, strict=True)]


def cron_job(name: str, schedule: str | None, zone: str = "UTC") -> dict[str, Any]:
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "none:1"}]}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "schedule": schedule,
            "timeZone": zone,
            "jobTemplate": {"spec": {"suspend": True, "template": {"spec": pod}}},
        },
    }


def _create(cluster: RunningCluster, cases: Sequence[Missed], last: Sequence[datetime]) -> None:
    """Suspended until their status is written."""
    running = [
        cron_job(f"case-{number}", case.schedule.cron, case.zone)
        for number, case in enumerate(cases)
    ]
    suspended = [{**each, "spec": {**each["spec"], "suspend": True}} for each in running]
    written = [
        {**each, "status": {"lastScheduleTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"}}
        for each, at in zip(suspended, last, strict=True)
    ]
    cluster.kubectl("create", "-f", "-", stdin=yaml.safe_dump_all(suspended))
    status = ("replace", "--subresource=status", "-f", "-")
    cluster.kubectl(*status, stdin=yaml.safe_dump_all(written))
    cluster.kubectl("replace", "-f", "-", stdin=yaml.safe_dump_all(running))


def _first_jobs(
    cluster: RunningCluster, cases: Sequence[Missed]
) -> list[tuple[datetime, datetime]]:
    """For each CronJob, the scheduled time of its first Job and when that was created."""
    listed = cluster.kubectl("get", "jobs", "-n", NAMESPACE, "-o", "json")
    found: dict[str, tuple[datetime, datetime]] = {}
    for item in json.loads(listed)["items"]:
        metadata = item["metadata"]
        owner = metadata["ownerReferences"][0]["name"]
        scheduled = names.scheduled_time_of(metadata["name"], owner)
        assert scheduled is not None
        created = datetime.fromisoformat(metadata["creationTimestamp"])
        found[owner] = min(found.get(owner, (scheduled, created)), (scheduled, created))
    waiting = [case for number, case in enumerate(cases) if f"case-{number}" not in found]
    assert not waiting, f"no Job yet for {waiting}"
    return [found[f"case-{number}"] for number in range(len(cases))]


def _first_start(job: tuple[datetime, datetime], case: Missed, last: datetime) -> FirstStart:
    started, created = job
    due = list(case.schedule.between(last, created))
    before = [instant for instant in due if instant <= created - _LOOKING]
    return FirstStart(started, frozenset([due[-1], *before[-1:]]))
