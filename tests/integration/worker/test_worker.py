"""The worker as a real process: it reports each end truly, and no run hurts another."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jvscheduler import kernel
from jvscheduler.outcomes import Reason, Status
from jvscheduler.worker.messages import Acknowledge, Discard, Go, Prepare, Prepared, Stop
from tests.support.runner.endings import COMPLETED, CRASHED, RAISED, Case
from tests.support.runner.process import is_running
from tests.support.runner.timeouts import SEEN
from tests.support.waiting import eventually
from tests.support.worker_process import (
    SHORT_IMPORT_SECONDS,
    Speaker,
    WorkerProcess,
    a_worker,
    children,
    until_ended,
    until_marked,
)

DAEMONS = ("ends.leaves_daemon", "hurts.leaves_fork_and_returns") if kernel.ADOPTS_ORPHANS else ()
"""On macOS nobody finds a process that has left its group and has lost its parent."""
APPLICATION = ("tests.support.runner.tasks.ends", "tests.support.runner.tasks.hurts")


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    """One worker for all tests: each test gets it in the state that the earlier ones left."""
    folder = tmp_path_factory.mktemp("worker")
    with a_worker(folder, f"sqlite:///{folder}/history.db") as worker:
        loop = worker.connect()
        loop.say(Prepare(APPLICATION))
        assert loop.next(Prepared) == Prepared(APPLICATION, {})
        loop.close()
        yield worker


@pytest.fixture
def loop(worker: WorkerProcess) -> Iterator[Speaker]:
    loop = worker.connect()
    yield loop
    assert worker.process.poll() is None
    loop.close()


@pytest.fixture
def neighbour(loop: Speaker, request: pytest.FixtureRequest) -> Iterator[str]:
    """A run that goes on during the test. Afterwards it must still end in good order."""
    run_id = f"neighbour of {abs(hash(request.node.name))}"
    until_marked(loop.run(run_id, "ends.completes_when_told"))
    yield run_id
    loop.say(Stop(run_id, Reason.TERMINATED))
    end = loop.end(run_id)
    assert (end.status, end.result) == (Status.COMPLETED, "in good order")
    loop.say(Acknowledge(run_id))


@pytest.mark.usefixtures("neighbour")
@pytest.mark.parametrize("case", [*COMPLETED, *RAISED, *CRASHED], ids=lambda c: c.task)
def test_each_way_to_end_is_reported_and_the_neighbour_goes_on(case: Case, loop: Speaker) -> None:
    loop.run(case.task, case.task)
    end = loop.end(case.task)
    assert (end.status, end.reason, end.result) == (case.status, case.reason, case.result)
    assert case.error in (end.error_message or "")
    assert case.output in end.log_tail
    assert end.claim == {"task_id": case.task, "n": case.task}
    assert 0 < end.started_at <= end.ended_at
    assert (end.cpu_seconds or 0) > 0
    assert (end.peak_memory_bytes or 0) > 2**20
    loop.say(Acknowledge(case.task))


@dataclass(frozen=True)
class Hurt:
    task: str
    status: Status = Status.COMPLETED
    reason: Reason | None = None
    result: object = None
    error: str = ""


@pytest.mark.usefixtures("neighbour")
@pytest.mark.parametrize(
    "hurt",
    [
        Hurt("hurts.writes_to_whatever_is_open", result="written"),
        Hurt("hurts.speaks_for_the_loop", result="turned away"),
        Hurt("hurts.starts_threads_and_forks", result="left forty"),
        Hurt("hurts.leaves_fork_and_returns", result="left"),
        Hurt("hurts.kills_itself", Status.FAILED, Reason.CRASHED, error="killed by SIGKILL"),
    ],
    ids=lambda h: h.task,
)
def test_a_run_cannot_damage_the_worker_or_its_neighbour(
    hurt: Hurt, worker: WorkerProcess, loop: Speaker
) -> None:
    end = loop.result(hurt.task, hurt.task)
    assert (end.status, end.reason, end.result) == (hurt.status, hurt.reason, hurt.result)
    assert hurt.error in (end.error_message or "")
    assert loop.result("after", "ends.returns").result == {"answer": 42}
    eventually(lambda: len(children(worker)) == 1, "only the neighbour is left", pause=0.05)
    loop.say(Acknowledge(hurt.task), Acknowledge("after"))


@pytest.mark.usefixtures("neighbour")
@pytest.mark.parametrize("task", ["prints_without_end", "prints_a_line_without_end"])
def test_a_run_that_prints_without_end_delays_no_other(task: str, loop: Speaker) -> None:
    until_marked(loop.run(task, f"hurts.{task}"))
    assert loop.result("beside", "ends.returns").log_tail == "work done\n"
    loop.say(Stop(task, Reason.REPLACED))
    end = loop.end(task)
    assert (end.status, end.reason) == (Status.FAILED, Reason.REPLACED)
    assert len(end.log_tail.encode()) <= 8 * 1024
    assert "xxx" in end.log_tail
    loop.say(Acknowledge(task), Acknowledge("beside"))


@pytest.mark.usefixtures("neighbour")
def test_a_run_deaf_to_sigterm_is_ended_at_its_time_limit_with_all_its_children(
    loop: Speaker,
) -> None:
    left = until_marked(loop.run("deaf", "ends.loops_deaf", timeout_seconds=1))
    end = loop.end("deaf")
    assert (end.status, end.reason) == (Status.TIMEOUT, Reason.DEADLINE_EXCEEDED)
    assert end.error_message == "the task ran longer than its timeout of 1 s"
    for pid in left.split():
        until_ended(int(pid))
    loop.say(Acknowledge("deaf"))


@pytest.mark.usefixtures("neighbour")
def test_a_task_whose_time_is_over_sees_it_and_may_clean_up(loop: Speaker) -> None:
    markers = {task: loop.run(task, f"times_out.{task}", timeout_seconds=1) for task in SEEN}
    for task, seen in SEEN.items():
        end = loop.end(task)
        assert markers[task].read_text() == seen, task
        # The status is the same, whatever the task makes of it.
        assert (end.status, end.reason) == (Status.TIMEOUT, Reason.DEADLINE_EXCEEDED), task
        assert end.error_message == "the task ran longer than its timeout of 1 s"
        loop.say(Acknowledge(task))


@pytest.mark.usefixtures("neighbour")
def test_processes_left_by_an_ended_run_end_and_those_of_others_go_on(loop: Speaker) -> None:
    used = int(until_marked(loop.run("uses", "hurts.leaves_fork_and_waits")))
    for task in ("ends.leaves_session", *DAEMONS):
        left = loop.run(task, task)
        assert loop.end(task).status == Status.COMPLETED
        until_ended(int(left.read_text()))
        assert is_running(used)
    loop.say(Stop("uses", Reason.TERMINATED))
    assert loop.end("uses").reason == Reason.TERMINATED
    if not kernel.ADOPTS_ORPHANS:
        os.kill(used, signal.SIGKILL)
    until_ended(used)


class TestStarting:
    def test_the_application_is_imported_once(self, worker: WorkerProcess, loop: Speaker) -> None:
        assert loop.result("once", "hurts.tells_who_imported_it").result == worker.pid

    def test_each_run_has_its_own_random_state(self, loop: Speaker) -> None:
        first, second = (loop.result(name, "hurts.draws").result for name in "ab")
        assert first[0] != second[0]
        assert first[1]
        assert second[1]

    def test_each_run_has_its_own_environment(self, loop: Speaker) -> None:
        loop.start("shop", "hurts.tells_its_environment", environ={"SHOP": "books"})
        loop.say(Go("shop"))
        assert loop.end("shop").result == "books"
        assert loop.result("no shop", "hurts.tells_its_environment").result is None

    def test_a_run_begins_with_its_go(self, loop: Speaker) -> None:
        marker = loop.start("gated", "ends.completes_when_told")
        loop.result("meanwhile", "ends.returns")
        assert not marker.exists()
        loop.say(Go("gated"))
        until_marked(marker)
        loop.say(Stop("gated", Reason.TERMINATED))
        assert loop.end("gated").status == Status.COMPLETED

    def test_a_run_with_an_early_go_waits_for_its_time(self, loop: Speaker) -> None:
        loop.start("ahead", "ends.returns")
        let_go_at = time.time()
        loop.say(Go("ahead", after_seconds=0.3))
        end = loop.end("ahead")
        assert end.status == Status.COMPLETED
        assert end.started_at > let_go_at + 0.29

    def test_a_run_that_waits_for_its_time_can_be_stopped(self, loop: Speaker) -> None:
        marker = loop.start("early", "ends.waits")
        loop.say(Go("early", after_seconds=60.0), Stop("early", Reason.TERMINATED))
        assert loop.end("early").reason == Reason.TERMINATED
        assert not marker.exists()

    def test_the_end_of_a_discarded_run_is_not_reported(
        self, worker: WorkerProcess, loop: Speaker
    ) -> None:
        marker = loop.start("unwanted", "ends.waits")
        eventually(lambda: children(worker), "it is forked", pause=0.05)
        loop.say(Discard("unwanted"))
        eventually(lambda: not children(worker), "it has ended", pause=0.05)
        assert not marker.exists()
        loop.say(Go("unwanted"))
        assert loop.start("unwanted", "ends.returns"), "its id is free again"
        loop.say(Go("unwanted"))
        assert loop.end("unwanted").status == Status.COMPLETED

    def test_a_run_that_is_stopped_before_its_go_never_begins(self, loop: Speaker) -> None:
        marker = loop.start("stopped", "ends.waits")
        loop.say(Stop("stopped", Reason.REPLACED), Go("stopped"))
        end = loop.end("stopped")
        assert (end.status, end.reason) == (Status.FAILED, Reason.REPLACED)
        assert not marker.exists()

    def test_a_run_that_has_ended_takes_no_memory(
        self, worker: WorkerProcess, loop: Speaker
    ) -> None:
        maps = Path(f"/proc/{worker.pid}/maps")
        counts = []
        for number in range(30):
            loop.result(f"run {number}", "ends.returns")
            loop.say(Acknowledge(f"run {number}"))
            counts.append(len(maps.read_text().splitlines()))
        assert counts[-1] <= counts[5] + 2

    def test_each_line_of_the_log_names_its_task(
        self, worker: WorkerProcess, loop: Speaker
    ) -> None:
        loop.result("printing", "ends.returns")
        line = "[ends.returns printing] work done"
        eventually(lambda: line in worker.output.read_text().splitlines(), line, pause=0.05)


class TestImports:
    def test_only_a_task_that_uses_jvspatial_imports_it_and_finds_the_database(
        self, tmp_path: Path
    ) -> None:
        history = tmp_path / "history.db"
        with a_worker(tmp_path, f"sqlite:///{history}") as worker:
            loop = worker.connect()
            assert loop.result("without", "late.tells_whether_jvspatial_is_there").result is False
            assert loop.result("with", "late.counts_with_jvspatial").result == 1
        assert history.exists()

    @pytest.mark.usefixtures("neighbour")
    def test_a_module_that_cannot_be_imported_fails_only_its_own_runs(
        self, worker: WorkerProcess, loop: Speaker
    ) -> None:
        bad = {
            "fails_to_import": "RuntimeError: no such configuration",
            "exits_on_import": "SystemExit: 0",
            "crashes_on_import": "it ended its process when imported, with -11",
            "threads_on_import": "it starts 1 thread(s) when imported, which no fork outlives",
        }
        failed = {f"tests.support.runner.tasks.{name}": why for name, why in bad.items()}
        loop.say(Prepare((*failed, "tests.support.runner.tasks.ends")))
        assert loop.next(Prepared) == Prepared(("tests.support.runner.tasks.ends",), failed)
        end = loop.result("import", "fails_to_import.task")
        assert (end.reason, end.error_message) == (
            Reason.IMPORT_FAILED,
            "RuntimeError: no such configuration",
        )
        assert loop.result("threads", "threads_on_import.task").result == 2

    def test_a_module_that_hangs_is_left_to_its_own_runs(self, tmp_path: Path) -> None:
        module = "tests.support.runner.tasks.hangs_on_import"
        with a_worker(tmp_path, import_seconds=SHORT_IMPORT_SECONDS) as worker:
            loop = worker.connect()
            loop.say(Prepare((module,)))
            assert loop.next(Prepared).failed == {module: "it was not imported within 4 s"}
