"""The interface of a store of job records. The runner, the loop and the server know only this.

There are two stores, `store.database` and `jvscheduler.testing.history`; both keep to the
same contract suites. Every call is bounded in time, may be repeated without harm, and raises
HistoryUnavailable with a message that a user may read.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from jvscheduler.history.records.instants import InstantRange
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.listings import JobFilter, JobPage, Position
from jvscheduler.history.records.presences import SchedulerPresence
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.records.summaries import MOST, TaskSummary
from jvscheduler.history.records.takeovers import UnsettledTakeover
from jvscheduler.history.records.unstarted import UnstartedJob
from jvscheduler.history.slots.requests import Slots
from jvscheduler.outcomes import Outcome, Status, Stretch


@dataclass(frozen=True)
class Recent:
    """The newest jobs."""

    jobs: Sequence[ScheduledJob]
    """Newest first."""
    total: int
    """How many jobs matched before the limit, undecodable rows included."""
    undecodable: Sequence[str] = ()
    """The ids of rows within the limit that are not valid records.

    To leave them out without a word would hide that the history is damaged."""


class JobListings(Protocol):
    """The calls of the API. Each holds a bounded part of the history in memory."""

    async def newest(self, wanted: JobFilter, limit: int, after: Position | None = None) -> JobPage:
        """At most `limit` rows after this position, newest first, without details."""

    async def total(self, wanted: JobFilter) -> int:
        """How many rows there are, those that cannot be decoded included."""

    async def jobs_with_id(self, job_id: str) -> Sequence[ScheduledJob]:
        """The job with its details; empty when there is none.

        There may be more than one where each namespace has tables of its own. Raises
        UndecodableRecord when no row with this id is a valid record.
        """

    async def with_record(self, job_ids: Collection[str]) -> Collection[str]:
        """Which of these jobs have a record."""

    async def running(self) -> Mapping[tuple[str, str], int]:
        """How many jobs of each task run, by namespace and task id. Others are left out."""


class HistoryStore(JobListings, Protocol):
    """The calls for one job at a time, and for lists of jobs."""

    async def open(self) -> None: ...

    async def close(self) -> None:
        """A process that used the store does not exit before this."""

    async def disconnect(self) -> None:
        """Hold no connection any longer. The next call opens one."""

    async def ping(self) -> None: ...

    async def sizes(self) -> Mapping[str, int] | None:
        """How many bytes the tables and indexes of each namespace take.

        None where the namespaces share their tables: nobody can tell then.
        """

    async def claim(self, outcome: Outcome) -> ScheduledJob | None:
        """Claim a job for this attempt, whose outcome is `running`.

        Returns the job when the attempt may run: as the first of its job, or as a further one
        of the same Kubernetes Job. Returns None when it may not.
        """

    async def record(self, outcome: Outcome) -> None:
        """Bring the job's record up to this outcome. Create the record if the claim was lost."""

    async def record_unstarted(self, job: UnstartedJob) -> None:
        """Record what a job waits for, or that it never started.

        A record with an attempt, or with an end, is kept as it is.
        """

    async def heartbeat(self, job_id: str, now: datetime) -> None: ...

    async def unfinished(self) -> Sequence[ScheduledJob]:
        """Pending and running jobs of all tasks, without the records that users wrote."""

    async def recent(
        self,
        since: datetime,
        status: Status | None,
        limit: int,
        namespaces: Collection[str] | None = None,
    ) -> Recent:
        """Jobs whose execution time is `since` or later, of these namespaces; of all when None.

        What cannot be decoded is told of these namespaces only, too.
        """

    async def counts(self, namespaces: Collection[str] | None = None) -> Mapping[Status, int]:
        """How many jobs of these namespaces have each status; of all when None.

        Every status is a key.
        """

    async def last_instants(
        self, namespace: str, task_ids: Sequence[str], until: datetime
    ) -> Mapping[str, datetime]:
        """For each task the last instant of its latest record that begins by `until`.

        Tasks without such a record are left out.
        """


class TaskHistory(Protocol):
    """The records of a task, and the revisions by which they are judged."""

    async def jobs_between(self, instants: InstantRange) -> Sequence[ScheduledJob]:
        """The records of these due instants, by their first instant; users' own left out.

        Manual jobs that began in the range are included.
        """

    async def revisions(
        self, namespace: str, task_ids: Sequence[str] | None = None
    ) -> Sequence[ScheduleRevision]:
        """Revisions by their start; of every task when `task_ids` is None."""


class LoopStore(HistoryStore, TaskHistory, Slots, Protocol):
    """The calls of a loop: for many jobs in few statements, and for whole tasks."""

    async def claim_all(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        """`claim` for each outcome. The outcomes are of different jobs."""

    async def record_all(self, outcomes: Sequence[Outcome]) -> None:
        """`record` for each outcome. The outcomes are of different jobs."""

    async def heartbeat_all(self, job_ids: Sequence[str], now: datetime) -> None: ...

    async def free_slots(self, namespace: str, holders: Sequence[str]) -> None:
        """`release_slots`, for the server: it knows in which namespace the holders were."""

    async def record_stretches(self, stretches: Sequence[Stretch]) -> None:
        """Create a record for each stretch, under the id of its first instant.

        A record that exists is kept as it is. There is one exception: one of a suspension is
        made longer when the new stretch is of the same suspension and reaches further.
        """

    async def add_takeovers(self, takeovers: Sequence[UnsettledTakeover]) -> None:
        """Store the takeovers. One that exists is kept as it is."""

    async def takeovers(
        self, namespace: str, task_ids: Sequence[str]
    ) -> Sequence[UnsettledTakeover]:
        """The takeovers of these tasks that are not settled, of every loop."""

    async def remove_takeovers(self, takeovers: Sequence[UnsettledTakeover]) -> None:
        """They are settled. One that is gone is no error."""

    async def record_presence(self, presence: SchedulerPresence) -> None:
        """Write the row of a scheduler, also over its former one."""

    async def presences(self, namespace: str) -> Sequence[SchedulerPresence]:
        """The schedulers without a cluster that serve, or served, the namespace."""

    async def remove_presences(self, presences: Sequence[SchedulerPresence]) -> None:
        """Remove their rows. One that is gone is no error."""

    async def summary(self, namespace: str, task_id: str, most: int = MOST) -> TaskSummary:
        """The last jobs of the task, and how many have failed in a row.

        Only the newest records are looked at, at most this many.
        """

    async def add_revisions(self, revisions: Sequence[ScheduleRevision]) -> None:
        """Store the revisions. One that exists is kept as it is."""

    async def last_revisions(
        self, namespace: str, task_ids: Sequence[str] | None = None
    ) -> Mapping[str, ScheduleRevision]:
        """The revision of each task that is in force."""

    async def tasks(self, namespace: str | None = None) -> Sequence[tuple[str, str]]:
        """Namespace and id of each task that has revisions; of every namespace when None."""
