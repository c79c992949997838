"""The runner as a real process on real databases. A record is true, whatever the task does."""

import asyncio
import json
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from jvscheduler import environment, kernel
from jvscheduler.history.slots.requests import EXPIRY, SlotRequest
from jvscheduler.history.store.database import open_store
from jvscheduler.outcomes import Outcome, Reason, Status
from tests.support.runner.endings import COMPLETED, CRASHED, RAISED, Case
from tests.support.runner.process import Ended, Runner, is_running
from tests.support.runner.tasks import WORD
from tests.support.runner.timeouts import SEEN
from tests.support.server.process import an_own_postgres
from tests.support.waiting import eventually

pytestmark = pytest.mark.long

MakeRunner = Callable[..., Runner]


@pytest.mark.parametrize("case", [*COMPLETED, *RAISED, *CRASHED], ids=lambda c: c.task)
def test_however_a_task_ends_its_record_is_true(
    case: Case, sqlite_url: str, tmp_path: Path
) -> None:
    check(case, Runner(tmp_path, case.task, sqlite_url))


@pytest.mark.parametrize("case", [COMPLETED[1], RAISED[0]], ids=lambda c: c.task)
def test_records_are_as_true_on_each_database(case: Case, url: str, tmp_path: Path) -> None:
    check(case, Runner(tmp_path, case.task, url))


def check(case: Case, runner: Runner) -> None:
    ended, job = runner.run(), runner.record()
    assert ended.code == case.code, ended.output
    assert (job.status, job.reason, job.result) == (case.status, case.reason, case.result)
    assert case.error in (job.error_message or "")
    assert case.output in ended.output
    assert (job.pod_name, job.node_name, job.kubernetes_job) == ("pod-a", "node-1", runner.job)
    assert job.scheduled_time == datetime.fromtimestamp(29540880 * 60, UTC)
    assert job.cpu_seconds is not None
    assert job.peak_memory_bytes is not None
    assert job.peak_memory_bytes > 2**20
    assert ended.message is not None
    assert ended.message.recorded
    assert (ended.message.status, ended.message.reason) == (case.status, case.reason)


@pytest.mark.parametrize(
    ("task", "frames"),
    [
        pytest.param("ends.raises", ["ends.py", "in raises", "no stock"], id="raised"),
        pytest.param("fails_to_import.task", ["fails_to_import.py", "RuntimeError"], id="import"),
    ],
)
def test_a_failure_has_the_traceback_of_the_users_code_alone(
    task: str, frames: list[str], sqlite_url: str, tmp_path: Path
) -> None:
    runner = Runner(tmp_path, task, sqlite_url)
    runner.run()
    trace = runner.record().traceback or ""
    assert all(frame in trace for frame in frames)
    assert "jvscheduler/runner" not in trace
    assert "importlib" not in trace


def test_a_pods_runner_logs_json_and_its_record_has_no_secret(
    sqlite_url: str, tmp_path: Path
) -> None:
    # `ends.raises` says "no stock".
    options = {
        environment.LOG_FORMAT: "json",
        environment.SECRET_VARIABLES: "SHELF",
        "SHELF": "no stock",
    }
    runner = Runner(tmp_path, "ends.raises", sqlite_url, options=options)
    output = runner.run().output
    (event,) = [json.loads(line) for line in output.splitlines() if line.startswith('{"time"')]
    assert event["level"] == "warning"
    assert (event["job"], event["pod"]) == (runner.job, "pod-a")
    assert event["message"].endswith("TaskRaised: ValueError: ***")
    assert event["traceback"].endswith("ValueError: ***\n")
    job = runner.record()
    assert job.error_message == "ValueError: ***"
    assert "no stock" not in f"{job.traceback}{job.attempts}"


def test_a_task_deaf_to_sigterm_is_ended_at_its_timeout_with_all_its_children(
    sqlite_url: str, tmp_path: Path
) -> None:
    limit = {environment.TIMEOUT_SECONDS: "1"}
    runner = Runner(tmp_path, "ends.loops_deaf", sqlite_url, options=limit)
    running = runner.start()
    children = [int(pid) for pid in running.until_marked().split()]
    assert running.wait().code == 124
    assert (runner.record().status, runner.record().reason) == ("timeout", "DeadlineExceeded")
    assert runner.record().error_message == "the task ran longer than its timeout of 1 s"
    assert (runner.record().cpu_seconds or 0) > 0.2, "a busy loop takes processor time"
    assert not any(map(is_running, children))


def test_a_task_at_its_timeout_may_clean_up(sqlite_url: str, tmp_path: Path) -> None:
    limit = {environment.TIMEOUT_SECONDS: "1"}
    runner = Runner(tmp_path, "ends.cleans_up", sqlite_url, options=limit)
    assert runner.run().code == 124
    assert runner.marker.read_text() == "cleaned up"


@pytest.mark.parametrize("task", ["sync", "waits_for_a_group", "never_yields"])
def test_a_task_at_its_timeout_sees_that_its_time_is_over(
    task: str, sqlite_url: str, tmp_path: Path
) -> None:
    limit = {environment.TIMEOUT_SECONDS: "1"}
    runner = Runner(tmp_path, f"times_out.{task}", sqlite_url, options=limit)
    assert runner.run().code == 124
    assert runner.marker.read_text() == SEEN[task]
    assert (runner.record().status, runner.record().reason) == ("timeout", "DeadlineExceeded")


def test_a_process_that_a_task_left_behind_ends_with_it(sqlite_url: str, tmp_path: Path) -> None:
    # On macOS nobody finds a daemon, which has left its group and has lost its parent.
    left = "leaves_daemon" if kernel.ADOPTS_ORPHANS else "leaves_session"
    runner = Runner(tmp_path, f"ends.{left}", sqlite_url)
    assert runner.run().code == 0
    assert not is_running(int(runner.marker.read_text()))


@dataclass(frozen=True)
class Terminated:
    task: str
    status: str
    reason: str | None
    code: int


@pytest.mark.parametrize(
    "case",
    [
        Terminated("ends.waits", "failed", "Terminated", 1),
        Terminated("ends.cleans_up", "failed", "Terminated", 1),
        Terminated("ends.completes_when_told", "completed", None, 0),
    ],
    ids=lambda t: t.task,
)
def test_a_runner_that_is_told_to_terminate_records_what_became_of_the_task(
    case: Terminated, sqlite_url: str, tmp_path: Path
) -> None:
    runner = Runner(tmp_path, case.task, sqlite_url)
    running = runner.start()
    running.until_marked()
    running.signal(signal.SIGTERM)
    assert running.wait().code == case.code
    assert (runner.record().status, runner.record().reason) == (case.status, case.reason)


def test_the_task_dies_with_a_runner_that_is_killed(sqlite_url: str, tmp_path: Path) -> None:
    runner = Runner(tmp_path, "ends.ignores_all", sqlite_url)
    running = runner.start()
    running.until_marked()
    task = child_of(running.process.pid)
    running.signal(signal.SIGKILL)
    running.wait()
    eventually(lambda: not is_running(task), "the task has ended")


def child_of(pid: int) -> int:
    (child,) = psutil.Process(pid).children()
    return child.pid


@pytest.mark.parametrize("scheme", ["postgresql", "mongodb"])
def test_a_database_that_is_down_stops_no_task(scheme: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    runner = Runner(tmp_path, "ends.returns", f"{scheme}://shop:secret@127.0.0.1:{port}/shop")
    ended = runner.run()
    assert "work done" in ended.output
    assert "secret" not in ended.output
    assert message_of(ended).status is Status.COMPLETED
    assert message_of(ended).result == {"answer": 42}
    assert not message_of(ended).recorded
    assert ended.code == 0


def test_an_attempt_that_began_without_its_database_is_claimed_when_it_is_back(
    tmp_path: Path,
) -> None:
    with an_own_postgres() as postgres:
        postgres.stop()
        first = Runner(tmp_path, "ends.waits", postgres.url)
        running = first.start()
        running.until_marked()
        postgres.start()
        eventually(lambda: [job.status for job in first.records()] == ["running"], "it is known")
        second = replace(first, job="job-29540881", attempt="pod-b").run()
        assert message_of(second).reason == Reason.CONCURRENCY_LIMIT
        running.signal(signal.SIGTERM)
        assert message_of(running.wait()).recorded


def test_a_database_that_restarts_meanwhile_gets_the_record(tmp_path: Path) -> None:
    with an_own_postgres() as postgres:
        runner = Runner(tmp_path, "ends.completes_when_told", postgres.url)
        running = runner.start()
        running.until_marked()
        postgres.stop()
        postgres.start()
        running.signal(signal.SIGTERM)
        assert message_of(running.wait()).recorded
        assert runner.record().status is Status.COMPLETED


def test_without_a_database_only_the_message_has_the_outcome(tmp_path: Path) -> None:
    ended = Runner(tmp_path, "ends.raises").run()
    assert ended.code == 1
    assert (message_of(ended).reason, message_of(ended).recorded) == ("TaskRaised", False)


def message_of(ended: Ended) -> Outcome:
    assert ended.message is not None, ended.output
    return ended.message


def test_an_incomplete_environment_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    lacking = {environment.TASK_ID: ""}
    ended = Runner(tmp_path, "ends.returns", sqlite_url, options=lacking).run()
    assert ended.code == 78
    assert environment.TASK_ID in ended.output


def test_the_second_runner_of_one_instant_does_nothing(url: str, tmp_path: Path) -> None:
    first = Runner(tmp_path, "ends.returns", url)
    first.run()
    # Another scheduler's Job for the same instant: same minutes, another leading zero.
    second = replace(first, job="job-029540880", attempt="pod-b")
    ended = second.run()
    assert (ended.code, ended.message) == (0, None)
    assert "work done" not in ended.output
    assert [j.kubernetes_job for j in first.records()] == ["job-29540880"]


def test_a_job_over_the_limit_is_skipped_and_says_so(url: str, tmp_path: Path) -> None:
    first = Runner(tmp_path, "ends.waits", url)
    running = first.start()
    running.until_marked()
    second = replace(first, job="job-29540881", attempt="pod-b")
    assert second.run().code == 0
    assert not second.marker.exists(), "the task ran"
    skipped = next(j for j in first.records() if j.pod_name == "pod-b")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, Reason.CONCURRENCY_LIMIT)
    two = {environment.MAX_CONCURRENT: "2"}
    third = replace(first, job="job-29540882", attempt="pod-c", options=two).start()
    third.until_marked()
    for started in (running, third):
        started.signal(signal.SIGTERM)
        started.wait()


def test_a_record_has_the_time_at_which_the_tasks_own_code_began(url: str, tmp_path: Path) -> None:
    """Before that, another job may still hold the slot that this job gets."""
    word = tmp_path / "word"
    runner = Runner(tmp_path, "imports_on_word.returns", url, options={WORD: str(word)})
    running = runner.start()
    eventually(lambda: [job for job in runner.records() if job.pod_name], "it is claimed")
    imported = datetime.now(UTC)
    word.touch()
    assert message_of(running.wait()).start_time >= imported
    job = runner.record()
    assert job.execution_time is not None
    assert job.execution_time >= imported


def test_a_slot_is_held_until_the_run_ends_or_its_holder_is_silent(
    url: str, tmp_path: Path
) -> None:
    task = "ends.returns"

    async def taken(holder: str, now: datetime) -> bool:
        store = open_store(url)
        (answer,) = await store.acquire_slots([SlotRequest("shop", task, 1, holder)], now)
        await store.close()
        return answer

    now = datetime.now(UTC)
    assert asyncio.run(taken("died-long-ago", now - EXPIRY))
    assert message_of(Runner(tmp_path, task, url).run()).status is Status.COMPLETED
    assert asyncio.run(taken("alive", now + timedelta(hours=1)))
    ended = Runner(tmp_path, task, url, job="job-29540999", attempt="pod-b").run()
    assert message_of(ended).reason == Reason.CONCURRENCY_LIMIT
