"""The seam between the history and everything that reads or writes it.

Two implementations, `memory` and `jvspatial_store`, keep to the same contract suites.
Every call is bounded in time and raises HistoryUnavailable with a message that
a user may read; every one may be repeated without harm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.slots.requests import Slots
from jvscheduler.outcomes import Outcome, Status, Stretch


@dataclass(frozen=True)
class Recent:
    """`jobs`, newest first; `total` matched before the limit.

    `undecodable` are ids of rows within the limit that are no valid records:
    they count in `total`, so leaving them out silently would be a lie.
    """

    jobs: Sequence[ScheduledJob]
    total: int
    undecodable: Sequence[str] = ()


class HistoryStore(Protocol):
    async def open(self) -> None: ...

    async def close(self) -> None:
        """Without it a process that used the store does not exit."""

    async def ping(self) -> None: ...

    async def claim(self, outcome: Outcome) -> ScheduledJob | None:
        """The job with this attempt, which is `running`, if it may run: it is the first of its
        job, or a further one of the same Kubernetes Job. None if it may not."""

    async def record(self, outcome: Outcome) -> None:
        """Bring the job's record up to this outcome; create it when the claim never got here."""

    async def heartbeat(self, job_id: str, now: datetime) -> None: ...

    async def unfinished(self) -> Sequence[ScheduledJob]:
        """Pending and running jobs of all tasks; those of users' own making left out."""

    async def recent(self, since: datetime, status: Status | None, limit: int) -> Recent:
        """Jobs whose execution time is `since` or later."""

    async def counts(self) -> Mapping[Status, int]:
        """How many jobs are in each status; every status is a key."""


class LoopStore(HistoryStore, Slots, Protocol):
    """What a loop needs beyond it: the same for many jobs in as few statements as can be."""

    async def claim_all(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        """`claim` for each, of different jobs; those without a record in one statement."""

    async def record_all(self, outcomes: Sequence[Outcome]) -> None:
        """`record` for each, of different jobs."""

    async def heartbeat_all(self, job_ids: Sequence[str], now: datetime) -> None: ...

    async def record_stretches(self, stretches: Sequence[Stretch]) -> None:
        """A record for each stretch, under its first instant's id; one that is there is kept."""

    async def last_instants(
        self, namespace: str, task_ids: Sequence[str], until: datetime
    ) -> Mapping[str, datetime]:
        """Each task's latest record of an instant up to `until`: the last instant that it
        accounts for. Tasks that have none are left out."""

    async def jobs_between(
        self,
        namespace: str,
        task_id: str,
        start: datetime,
        end: datetime,
        *,
        begun_before: bool = True,
    ) -> Sequence[ScheduledJob]:
        """Our records that account for an instant in (start, end], by their first instant;
        and the manual ones that began in it. Without `begun_before`, which makes the database
        look at all earlier records, stretches that began before it are left out."""

    async def add_revisions(self, revisions: Sequence[ScheduleRevision]) -> None:
        """Keep these; the same again changes nothing."""

    async def revisions(
        self, namespace: str, task_ids: Sequence[str] | None = None
    ) -> Sequence[ScheduleRevision]:
        """By their start; None: of every task."""

    async def last_revisions(
        self, namespace: str, task_ids: Sequence[str] | None = None
    ) -> Mapping[str, ScheduleRevision]:
        """The one in force of each task."""

    async def tasks(self, namespace: str | None = None) -> Sequence[tuple[str, str]]:
        """Namespace and id of each task that has revisions; None: of every namespace."""
