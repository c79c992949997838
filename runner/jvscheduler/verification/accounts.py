"""A record as an account of due instants: which it is for, and whether something ran."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.outcomes import Reason, Status

NOT_RUN: Final = (Status.MISSED, Status.SKIPPED)


@dataclass(frozen=True)
class Account:
    """Of the instants from `first` to `last`; both are None for a job that none asked for."""

    job: ScheduledJob
    first: datetime | None
    last: datetime | None

    @property
    def ran(self) -> bool:
        """Or is to run."""
        return self.job.status not in NOT_RUN

    @property
    def is_stretch(self) -> bool:
        return self.first != self.last or self.job.instants != 1

    @property
    def is_suspended(self) -> bool:
        return self.job.status is Status.SKIPPED and self.job.reason == Reason.SUSPENDED

    @property
    def words(self) -> str:
        return f"{self.job.status} ({self.job.reason})" if self.job.reason else self.job.status


def account(job: ScheduledJob) -> Account:
    return Account(job, job.scheduled_time, job.last_scheduled_time or job.scheduled_time)
