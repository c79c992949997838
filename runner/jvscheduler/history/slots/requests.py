"""Slots: how N runs of a task at once is an exact limit, whoever starts them.

A run holds one of its task's N slots, a row each, from before it starts until
it ends. The database decides who gets one; nobody counts. A holder says every
ten seconds that it lives; one that is silent for `EXPIRY` has died, and its
slot is anyone's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

EXPIRY: Final = timedelta(seconds=25)
"""Under the thirty seconds after which a dead holder's slot must be free again."""


@dataclass(frozen=True)
class SlotRequest:
    """`holder` is an attempt's id; asking again for what it holds is answered yes.

    An attempt of the same job takes over what the one before it holds, which has died: it would
    else be skipped for a run that is no more.
    """

    namespace: str
    task_id: str
    limit: int
    holder: str
    job_id: str = ""

    @property
    def task(self) -> tuple[str, str]:
        return self.namespace, self.task_id

    @property
    def owner(self) -> str:
        return self.job_id or self.holder


class Slots(Protocol):
    """Every call may be repeated, and raises HistoryUnavailable."""

    async def acquire_slots(
        self, requests: Sequence[SlotRequest], now: datetime
    ) -> Sequence[bool]: ...

    async def extend_slots(self, holders: Sequence[str], now: datetime) -> None: ...

    async def release_slots(self, holders: Sequence[str]) -> None: ...
