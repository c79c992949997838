"""What became of it all: the checker's judgement of the history, and the tasks' own testimony.

An error that a loop did not expect is a finding even where no record suffered from it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from jvscheduler.cli.verify import Request, verify
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.store.database import open_store
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.verification.report import VerificationReport, as_text
from tests.faults.testimony import Testimony, testify
from tests.faults.work import BEGUN
from tests.faults.world import World

T = TypeVar("T")

AFTERWARDS: Final = timedelta(minutes=3)
"""What still counts as running then, was never closed."""

_UNEXPECTED: Final = "unexpected error"


@dataclass(frozen=True)
class Judgement:
    report: VerificationReport
    testimony: Testimony
    unexpected: Sequence[str]
    """Lines of the loops' logs."""

    @property
    def is_good(self) -> bool:
        return self.testimony.is_good and not (self.report.counts.total() or self.unexpected)

    def text(self) -> str:
        own = [
            str(self.testimony),
            f"unexpected errors of the loops: {'; '.join(self.unexpected) or 'none'}",
        ]
        return "\n".join([*as_text(self.report), *own])


def judge(world: World, end: datetime) -> Judgement:
    """Of the time from the world's beginning to `end`, when its pods have ended."""

    async def read(store: LoopStore) -> tuple[VerificationReport, Sequence[ScheduledJob]]:
        request = Request(
            tasks=(),
            namespace=None,
            start=world.began,
            end=end,
            known_until=end + AFTERWARDS,
            most=5,
            max_lateness=None,
        )
        report = await verify(store, request)
        recent = await store.recent(datetime.fromtimestamp(0, UTC), None, 1_000_000)
        return report, recent.jobs

    report, jobs = ask(world, read)
    begun = [line for pod in world.pods for line in _lines(pod.folder / BEGUN)]
    recorded = {attempt["attempt_id"] for job in jobs for attempt in job.attempts}
    unexpected = [
        line
        for pod in world.pods
        for log in sorted(pod.folder.glob("loop*.log"))
        for line in _lines(log)
        if _UNEXPECTED in line
    ]
    return Judgement(report, testify(begun, recorded), unexpected)


def ask(world: World, question: Callable[[LoopStore], Awaitable[T]]) -> T:
    async def answered() -> T:
        store = open_store(world.postgres.url)
        try:
            return await question(store)
        finally:
            await store.close()

    return asyncio.run(answered())


def _lines(file: Path) -> Sequence[str]:
    return file.read_text().splitlines() if file.exists() else ()
