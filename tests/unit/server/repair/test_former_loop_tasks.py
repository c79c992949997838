"""Instants that a loop left without a record when its task was taken from it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.records.takeovers import UnsettledTakeover
from jvscheduler.outcomes import Reason
from jvscheduler.verification.findings import Kind
from jvscheduler_server.cluster.objects import TaskState
from jvscheduler_server.repair.former_loop_tasks.apply import FormerLoopTaskRepair
from tests.support.history.findings import findings_of
from tests.support.history.outcomes import NOON, completed, of_job
from tests.support.history.stories import RESTOCK, all_of, minutes, revision, stretch
from tests.support.server.in_memory import FakeCluster, FlakyHistory

KEY = ("shop", RESTOCK)


class Scene:
    """A task that a loop served each minute from noon on, with records until 12:05."""

    def __init__(self, **definition: Any) -> None:
        self.store = FlakyHistory()
        self.cluster = FakeCluster()
        self.repair = FormerLoopTaskRepair(self.store, self.cluster)
        self.revise(revision(0, backend="Loop", **definition))
        asyncio.run(self.store.record_stretches([stretch(1, 5, count=5)]))
        self.has_task("Loop")
        self.look(8)

    def restart_server(self, at: float) -> None:
        self.repair = FormerLoopTaskRepair(self.store, self.cluster)
        asyncio.run(self.repair.read_history(minutes(at)))

    def revise(self, made: ScheduleRevision) -> None:
        asyncio.run(self.store.add_revisions([made]))

    def has_task(self, backend: str) -> None:
        task = TaskState(RESTOCK, "shop-tasks-restock", "shop", "* * * * *", backend=backend)
        self.cluster.seen_tasks = [task]

    def look(self, *at: float) -> None:
        for time in at:
            asyncio.run(self.repair.record(minutes(time)))

    def stretches(self) -> Sequence[tuple[Any, Any, Any, int]]:
        """After the loop's own."""
        records = asyncio.run(all_of(self.store))[1:]
        return [(j.scheduled_time, j.last_scheduled_time, j.reason, j.instants) for j in records]

    def revisions(self) -> Sequence[tuple[Any, str, bool]]:
        revisions = asyncio.run(self.store.revisions("shop", [RESTOCK]))
        return [(r.since, r.backend, r.removed) for r in revisions]

    def findings(self, end: float) -> Mapping[Kind, int]:
        return asyncio.run(findings_of(self.store, KEY, NOON, minutes(end)))


MISSED = [(minutes(6), minutes(10), Reason.LOOP_DOWN, 5)]


def test_a_deleted_task_ends_when_its_deletion_is_seen() -> None:
    s = Scene()
    s.cluster.seen_tasks = []
    s.look(10.5, 11, 11.5, 12, 12.5)
    assert s.stretches() == MISSED
    assert s.revisions()[1:] == [(minutes(10.5), "Loop", True)]
    assert s.findings(20) == {}


@pytest.mark.parametrize("backend", ["CronJob", None], ids=["moved", "deleted"])
def test_what_a_killed_loop_had_still_to_record_of_before_its_start_is_recorded(
    backend: str | None,
) -> None:
    """It took over at 12:07:30, recorded the instant of 12:08 and was killed."""
    s = Scene()
    left = UnsettledTakeover("shop-tasks-restock", revision(7.5, backend="Loop"))
    asyncio.run(s.store.add_takeovers([left]))
    asyncio.run(s.store.record(completed(of_job(8))))
    if backend is None:
        s.cluster.seen_tasks = []
    else:
        s.has_task(backend)
        s.revise(revision(10.5, backend=backend))
    s.look(10.5, 11, 11.5, 12)
    facts = [(first, number) for first, _, _, number in s.stretches()]
    assert facts == [(minutes(6), 2), (minutes(8), 1), (minutes(9), 2)]
    assert s.findings(10) == {}
    assert asyncio.run(s.store.takeovers("shop", [RESTOCK])) == []


def test_a_loop_that_runs_ends_its_task_itself() -> None:
    s = Scene()
    s.cluster.seen_tasks = []
    s.look(10.5)
    asyncio.run(s.store.record_stretches([stretch(6, 9, count=4)]))
    s.revise(revision(9.1, backend="Loop", removed=True))
    s.look(11, 11.5, 12)
    assert s.stretches() == [(minutes(6), minutes(9), Reason.LOOP_DOWN, 4)]
    assert len(s.revisions()) == 2


def test_a_task_that_a_cron_job_took_over_is_recorded_until_then() -> None:
    s = Scene()
    s.has_task("CronJob")
    s.look(10.5, 11)
    s.revise(revision(10.75, backend="CronJob"))
    s.look(11.5, 12)
    assert s.stretches() == MISSED
    assert len(s.revisions()) == 2


def test_a_task_that_exists_waits_for_its_next_backends_revision() -> None:
    s = Scene()
    s.has_task("CronJob")
    s.look(10.5, 11, 11.5, 12)
    assert (s.stretches(), len(s.revisions())) == ([], 1)
    s.has_task("Loop")
    s.look(12.5, 13, 13.5, 14)
    assert (s.stretches(), len(s.revisions())) == ([], 1)


def test_instants_of_a_suspended_task_are_skipped() -> None:
    s = Scene(suspended=True)
    s.cluster.seen_tasks = []
    s.look(10.5, 11, 11.5)
    assert s.stretches() == [(minutes(6), minutes(10), Reason.SUSPENDED, 5)]


def test_a_loop_has_time_to_write_when_the_history_is_back() -> None:
    s = Scene()
    s.cluster.seen_tasks = []
    s.look(10.5, 30, 30.5)
    assert s.stretches() == []
    s.look(31)
    assert s.stretches() == MISSED


def test_an_unreadable_definition_is_logged_and_ended(
    caplog: pytest.LogCaptureFixture,
) -> None:
    s = Scene(schedule="a later version's")
    s.cluster.seen_tasks = []
    s.look(10.5, 11, 11.5)
    assert s.stretches() == []
    assert s.revisions()[-1] == (minutes(10.5), "Loop", True)
    assert "shop-tasks-restock has no record" in caplog.text


def test_a_task_that_was_deleted_while_no_server_ran_ends_with_its_last_record() -> None:
    s = Scene()
    s.cluster.seen_tasks = []
    s.restart_server(10)
    s.look(10.5, 11)
    assert s.stretches() == []
    assert s.revisions()[1:] == [(minutes(5), "Loop", True)]
    assert s.findings(20) == {}


def test_a_task_that_was_handed_over_while_no_server_ran_is_recorded_until_then() -> None:
    s = Scene()
    s.has_task("CronJob")
    s.restart_server(12)
    s.revise(revision(10.75, backend="CronJob"))
    s.look(12.5, 13)
    assert s.stretches() == MISSED


def test_a_task_that_a_loop_serves_stays_when_a_server_starts() -> None:
    s = Scene()
    s.restart_server(10)
    s.look(10.5, 11, 11.5)
    assert (s.stretches(), len(s.revisions())) == ([], 1)


def test_a_task_of_jvscheduler_dev_is_not_ended() -> None:
    s = Scene()
    s.revise(revision(0, backend="Loop", namespace="dev"))
    s.restart_server(10)
    s.look(10.5, 11, 11.5)
    assert len(asyncio.run(s.store.revisions("dev"))) == 1
