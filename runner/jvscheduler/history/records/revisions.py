"""Which definition of a task was in force when: what due instants are judged by afterwards.

A scheduler writes a revision when it first sees a definition that differs from
the last one. It is in force from `since` until the next one's: a definition
counts from the moment at which somebody could have acted on it, so that an
edit never makes an instant due in the past.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.entities.few import FewObject
from jvscheduler.history.times import Time
from jvscheduler.names import revision_id
from jvscheduler.schedules import Dst, Schedule, parse_schedule

ENTITY = "ScheduleRevision"


class ScheduleRevision(FewObject):
    """A task's definition, as far as it decides which instants are due and how many may run."""

    job_name: str = ""
    """The task's id, as in ScheduledJob."""
    namespace: str = ""
    since: Time | None = None
    schedule: str = ""
    time_zone: str = "UTC"
    dst: Dst = "cron"
    suspended: bool = False
    removed: bool = False
    """The task is no more; nothing is due until a later revision says otherwise."""
    max_concurrency: int = 1
    starting_deadline_seconds: int | None = None
    backend: str = ""
    """`CronJob` or `Loop`."""

    def parsed(self) -> Schedule:
        """A random interval draws from the task's id."""
        return parse_schedule(self.schedule, self.time_zone, seed=self.job_name, dst=self.dst)

    def meaning(self) -> dict[str, object]:
        """What two revisions must differ in for the later one to be worth keeping."""
        return self.model_dump(exclude={"id", "since", "entity", "type_code"})


NEXT: Final = timedelta(microseconds=1)
"""The databases tell times to the microsecond."""


def by_task(revisions: Iterable[ScheduleRevision]) -> dict[str, list[ScheduleRevision]]:
    """Of one namespace, in their order."""
    found: dict[str, list[ScheduleRevision]] = {}
    for revision in revisions:
        found.setdefault(revision.job_name, []).append(revision)
    return found


def beginning(last: ScheduleRevision | None, since: datetime) -> datetime:
    """When a revision after the last one begins: two within one moment are two all the same."""
    return since if last is None or last.since is None else max(since, last.since + NEXT)


def identified(revision: ScheduleRevision, since: datetime) -> ScheduleRevision:
    """The revision with its start, and the id that follows from that."""
    key = revision_id(revision.namespace, revision.job_name, since)
    return revision.model_copy(update={"id": key, "since": since})
