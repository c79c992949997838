"""A job's record, as the verification sees it: for which due instants, and with what outcome."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.unstarted import is_unstarted
from jvscheduler.outcomes import Reason, Status

NOT_RUN: Final = (Status.MISSED, Status.SKIPPED)


@dataclass(frozen=True)
class Record:
    """The record of the due instants from `first` to `last`; both are None for a manual job."""

    job: ScheduledJob
    first: datetime | None
    last: datetime | None

    @property
    def ran(self) -> bool:
        """True when the job has begun to run."""
        return self.job.status not in NOT_RUN and not self.is_waiting

    @property
    def is_waiting(self) -> bool:
        """True when no attempt of the job has started yet."""
        return is_unstarted(self.job)

    @property
    def is_stretch(self) -> bool:
        return self.first != self.last or self.job.instants != 1

    @property
    def is_suspended(self) -> bool:
        return self.job.status is Status.SKIPPED and self.job.reason == Reason.SUSPENDED

    @property
    def outcome(self) -> str:
        """The outcome in a finding's text: `missed (LoopDown)`."""
        return f"{self.job.status} ({self.job.reason})" if self.job.reason else self.job.status


def record_of(job: ScheduledJob) -> Record:
    return Record(job, job.scheduled_time, job.last_scheduled_time or job.scheduled_time)
