"""Which attempts may run: the claim comes first, then one of the task's slots."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.slots.requests import EXPIRY, SlotRequest
from jvscheduler.outcomes import Outcome
from jvscheduler.runner import admission, calls, heartbeats, recording
from jvscheduler.runner.admission import AdmissionDecision, admit
from jvscheduler.runner.settings import PodAttempt
from jvscheduler.testing.history import MemoryHistory
from tests.support.history.outcomes import failed, of_job


class HistoryWithoutSlots(MemoryHistory):
    async def acquire_slots(self, requests: Sequence[SlotRequest], now: datetime) -> Sequence[bool]:
        raise HistoryUnavailable("the database has gone")


class RestartingHistory(MemoryHistory):
    refusals = 3

    async def acquire_slots(self, requests: Sequence[SlotRequest], now: datetime) -> Sequence[bool]:
        if self.refusals:
            self.refusals -= 1
            raise HistoryUnavailable("the database is starting up")
        return await super().acquire_slots(requests, now)


def attempt(claim: Outcome, limit: int = 1) -> PodAttempt:
    return PodAttempt(claim, limit, timeout_seconds=None)


def decisions(
    store: MemoryHistory, claims: Sequence[Outcome], limit: int
) -> list[AdmissionDecision]:
    async def decided() -> list[AdmissionDecision]:
        stop = asyncio.Event()
        return [(await admit(store, attempt(claim, limit), stop)).decision for claim in claims]

    return asyncio.run(decided())


def test_no_more_jobs_run_than_the_limit_allows() -> None:
    claims = [of_job(number) for number in range(3)]
    expected = [AdmissionDecision.RUN, AdmissionDecision.RUN, AdmissionDecision.OVER_LIMIT]
    assert decisions(MemoryHistory(), claims, 2) == expected


def test_an_attempt_whose_job_is_claimed_already_takes_no_slot() -> None:
    store = MemoryHistory()
    asyncio.run(store.record(failed(of_job(0))))
    claims = [of_job(0, attempt_id="pod-late"), of_job(1)]
    assert decisions(store, claims, 1) == [AdmissionDecision.ALREADY_CLAIMED, AdmissionDecision.RUN]


def test_a_retry_takes_over_the_slot_of_the_attempt_that_died() -> None:
    first = of_job(0, retry_count=1)
    claims = [first, replace(first, attempt_id="pod-b"), of_job(1)]
    expected = [AdmissionDecision.RUN, AdmissionDecision.RUN, AdmissionDecision.OVER_LIMIT]
    assert decisions(MemoryHistory(), claims, 1) == expected


def test_a_history_that_is_down_for_a_moment_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The history looks like this while its database restarts; the claim was made before it."""
    monkeypatch.setattr(admission, "PAUSE_SECONDS", 0.001)
    store = RestartingHistory()
    expected = [AdmissionDecision.RUN, AdmissionDecision.OVER_LIMIT]
    assert decisions(store, [of_job(number) for number in range(2)], 1) == expected
    assert store.refusals == 0


def test_an_attempt_that_has_to_stop_does_not_wait_for_the_history() -> None:
    async def admitted() -> AdmissionDecision:
        stop = asyncio.Event()
        stop.set()
        return (await admit(HistoryWithoutSlots(), attempt(of_job(0)), stop)).decision

    assert asyncio.run(admitted()) is AdmissionDecision.RUN


class FullHistory(MemoryHistory):
    """It has no connection left, and each call waits for one."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def claim(self, outcome: Outcome) -> ScheduledJob | None:
        await self._wait()
        return None

    async def record(self, outcome: Outcome) -> None:
        await self._wait()

    async def _wait(self) -> None:
        self.asked.set()
        await asyncio.Event().wait()


def test_an_attempt_that_has_to_stop_does_not_wait_for_a_connection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(calls, "STOP_SECONDS", 0.001)

    async def story() -> None:
        store, stop = FullHistory(), asyncio.Event()
        admitting = asyncio.create_task(admit(store, attempt(of_job(0)), stop))
        await store.asked.wait()
        stop.set()
        assert (await admitting).is_unclaimed
        assert not await recording.record(store, of_job(0), tmp_path / "message", stop)

    asyncio.run(story())


def test_an_attempt_holds_no_connection_between_two_heartbeats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heartbeats, "HEARTBEAT_SECONDS", 0.001)
    events: list[str] = []

    class History(MemoryHistory):
        def __init__(self) -> None:
            super().__init__()
            self.beaten_twice = asyncio.Event()

        async def disconnect(self) -> None:
            events.append("disconnect")
            if len(events) > 4:
                self.beaten_twice.set()

        async def heartbeat(self, job_id: str, now: datetime) -> None:
            events.append("heartbeat")

    async def story() -> None:
        store = History()
        async with heartbeats.heartbeats(store, attempt(of_job(0))):
            await store.beaten_twice.wait()

    asyncio.run(story())
    assert events[:5] == ["disconnect", "heartbeat", "disconnect", "heartbeat", "disconnect"]


def test_a_task_runs_without_a_slot_when_the_history_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admission, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(admission, "PAUSE_SECONDS", 0.001)
    claims = [of_job(number) for number in range(2)]
    assert decisions(HistoryWithoutSlots(), claims, 1) == [AdmissionDecision.RUN] * 2


def test_a_heartbeat_keeps_the_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "HEARTBEAT_SECONDS", 0.001)
    claim, silent_since = of_job(0), datetime.now(UTC) - EXPIRY
    own = SlotRequest(claim.namespace, claim.task_id, 1, claim.attempt_id)
    extended = asyncio.Event()

    class History(MemoryHistory):
        async def extend_slots(self, holders: Sequence[str], now: datetime) -> None:
            await super().extend_slots(holders, now)
            extended.set()

    async def story() -> Sequence[bool]:
        store = History()
        await store.acquire_slots([own], silent_since)
        async with heartbeats.heartbeats(store, attempt(claim)):
            await extended.wait()
        return await store.acquire_slots([replace(own, holder="another")], datetime.now(UTC))

    assert list(asyncio.run(story())) == [False]


@pytest.mark.parametrize("taken", [False, True], ids=["a slot is free", "none is free at first"])
def test_an_attempt_that_began_unclaimed_gets_claim_and_slot_with_a_heartbeat(
    monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    monkeypatch.setattr(heartbeats, "HEARTBEAT_SECONDS", 0.001)
    claim = of_job(0)
    other = SlotRequest(claim.namespace, claim.task_id, 1, "another")

    class History(MemoryHistory):
        def __init__(self) -> None:
            super().__init__()
            self.beaten = asyncio.Event()

        async def heartbeat(self, job_id: str, now: datetime) -> None:
            await super().heartbeat(job_id, now)
            self.beaten.set()

        async def beats(self, count: int) -> None:
            for _ in range(count):
                self.beaten.clear()
                await self.beaten.wait()

    async def story() -> Sequence[bool]:
        store = History()
        if taken:
            await store.acquire_slots([other], datetime.now(UTC))
        async with heartbeats.heartbeats(store, attempt(claim), is_unclaimed=True):
            await store.beats(2)
            assert [job.id for job in await store.unfinished()] == [claim.job_id]
            await store.release_slots(["another"])
            await store.beats(2)
        return await store.acquire_slots([replace(other, holder="a third")], datetime.now(UTC))

    assert list(asyncio.run(story())) == [False]


def test_a_retry_knows_how_many_attempts_came_before_it() -> None:
    first = of_job(0, retry_count=2)
    claims = [first, replace(first, attempt_id="pod-b"), replace(first, attempt_id="pod-c")]

    async def story() -> list[int]:
        store, stop = MemoryHistory(), asyncio.Event()
        admissions = [await admit(store, attempt(claim), stop) for claim in claims]
        return [admission.earlier_attempts for admission in admissions]

    assert asyncio.run(story()) == [0, 1, 2]
