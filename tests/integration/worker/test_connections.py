"""Connections between a worker and its loop: broken, replaced, and closed at the end."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from jvscheduler.outcomes import Reason, Status
from jvscheduler.worker.messages import Acknowledge, Stop
from tests.support.waiting import eventually
from tests.support.worker_process import (
    WorkerProcess,
    a_worker,
    children,
    until_ended,
    until_marked,
)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerProcess]:
    with a_worker(tmp_path) as worker:
        yield worker


class TestConnections:
    def test_an_end_is_repeated_until_it_is_acknowledged(self, worker: WorkerProcess) -> None:
        first = worker.connect()
        end = first.result("kept", "ends.returns")
        first.close()
        second = worker.connect()
        assert second.hello.running["kept"] == end.claim
        assert second.hello.worker_id == first.hello.worker_id
        assert second.end("kept") == end
        second.say(Acknowledge("kept"))
        assert second.result("after", "ends.returns").status == Status.COMPLETED
        second.close()
        third = worker.connect()
        assert "kept" not in third.hello.running
        third.close()

    def test_a_run_that_had_its_go_outlives_its_connection(self, worker: WorkerProcess) -> None:
        first = worker.connect()
        until_marked(first.run("goes on", "ends.completes_when_told"))
        first.close()
        second = worker.connect()
        assert second.hello.running["goes on"]["n"] == "goes on"
        second.say(Stop("goes on", Reason.TERMINATED))
        assert second.end("goes on").status == Status.COMPLETED
        second.close()

    def test_a_run_without_a_go_ends_with_its_connection(self, worker: WorkerProcess) -> None:
        first = worker.connect()
        marker = first.start("waits", "ends.waits")
        eventually(lambda: children(worker), "it is forked", pause=0.05)
        first.close()
        eventually(lambda: not children(worker), "it has ended", pause=0.05)
        assert not marker.exists()

    def test_a_newer_connection_replaces_the_older(self, worker: WorkerProcess) -> None:
        older, newer = worker.connect(), worker.connect()
        older.until_closed()
        assert newer.result("new", "ends.returns").status == Status.COMPLETED
        newer.close()


class TestTermination:
    def test_children_die_with_a_worker_that_is_killed(self, tmp_path: Path) -> None:
        with a_worker(tmp_path) as worker:
            loop = worker.connect()
            until_marked(loop.run("killed", "ends.ignores_all"))
            (child,) = children(worker)
            worker.process.send_signal(signal.SIGKILL)
            until_ended(child)

    def test_runs_go_on_until_the_loop_disconnects(self, tmp_path: Path) -> None:
        with a_worker(tmp_path) as worker:
            loop = worker.connect()
            until_marked(loop.run("first", "ends.completes_when_told"))
            worker.process.send_signal(signal.SIGTERM)
            assert loop.result("second", "ends.returns").status == Status.COMPLETED
            loop.say(Stop("first", Reason.TERMINATED))
            assert loop.end("first").status == Status.COMPLETED
            loop.close()
            assert worker.process.wait() == 0

    def test_a_worker_that_is_alone_ends_its_runs_itself(self, tmp_path: Path) -> None:
        with a_worker(tmp_path) as worker:
            loop = worker.connect()
            marker = loop.run("left", "ends.cleans_up")
            until_marked(marker)
            loop.close()
            worker.process.send_signal(signal.SIGTERM)
            assert worker.process.wait() == 0
            assert marker.read_text() == "cleaned up"

    def test_a_worker_whose_grace_is_over_ends_its_runs_and_reports_them(
        self, tmp_path: Path
    ) -> None:
        with a_worker(tmp_path, grace_seconds=1) as worker:
            loop = worker.connect()
            until_marked(loop.run("late", "ends.waits"))
            worker.process.send_signal(signal.SIGTERM)
            end = loop.end("late")
            assert (end.status, end.reason) == (Status.FAILED, Reason.TERMINATED)
            loop.say(Acknowledge("late"))
            assert worker.process.wait() == 0
