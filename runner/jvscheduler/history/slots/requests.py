"""Slots: how a task never has more than N jobs at once, whoever starts them.

A task with maxConcurrency N has N slots: rows of the database. A job holds one of them from
before it starts until it ends. The database decides which job gets a slot; nobody counts jobs.
A holder extends its slot every ten seconds. A slot that was not extended for `EXPIRY` is free:
its holder has died.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

EXPIRY: Final = timedelta(seconds=25)
"""How long a slot is held without being extended.

It is less than thirty seconds: by then a dead holder's slot must be free."""


@dataclass(frozen=True)
class SlotRequest:
    """A request for one slot of a task. A holder that asks again keeps the slot that it has.

    Another attempt of the same job takes over the slot of the attempt before it, which has died.
    Otherwise the job would be skipped because of its own dead attempt.
    """

    namespace: str
    task_id: str
    limit: int
    """The task's maxConcurrency."""
    holder: str
    """The attempt's id. In a loop it is the job's id."""
    job_id: str = ""

    @property
    def task(self) -> tuple[str, str]:
        return self.namespace, self.task_id

    @property
    def owner(self) -> str:
        return self.job_id or self.holder


class Slots(Protocol):
    """Every call may be repeated without harm, and raises HistoryUnavailable."""

    async def acquire_slots(self, requests: Sequence[SlotRequest], now: datetime) -> Sequence[bool]:
        """True for each request that got a slot."""

    async def extend_slots(self, holders: Sequence[str], now: datetime) -> None:
        """Extend the slots of these holders. A slot that another holder has now stays as it is."""

    async def release_slots(self, holders: Sequence[str]) -> None:
        """Free the slots of these holders. A slot that another holder has now stays as it is."""
