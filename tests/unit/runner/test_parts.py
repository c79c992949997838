"""The runner's small parts, each alone."""

import asyncio
import json
import os
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from jvspatial.core import Walker

from jvscheduler import environment
from jvscheduler.attempt.child.calls import TaskNotFound, WalkerFailed, load, prepare_call
from jvscheduler.attempt.child.main import run_task
from jvscheduler.attempt.kernel import oom_kills
from jvscheduler.attempt.process import TaskProcess
from jvscheduler.attempt.report import MAX_RESULT_BYTES, Report, SharedReport, storable
from jvscheduler.attempt.retries import draw, is_retried, jitter, retry_pause
from jvscheduler.attempt.tracebacks import error_message, trace
from jvscheduler.errors import InvalidSettings
from jvscheduler.outcomes import MAX_TRACEBACK_BYTES, Outcome, Reason, from_message, to_message
from jvscheduler.runner.settings import read_settings
from tests.support.history.outcomes import begun, completed, failed, of_job

NOW = of_job(5).start_time + timedelta(seconds=1)

ENVIRONMENT = {
    environment.TASK_ID: "shop.tasks.restock",
    environment.TASK_NAME: "shop-tasks-restock",
    environment.ENTRYPOINT: "shop.tasks:restock",
    environment.JOB_NAME: "shop-tasks-restock-29540880",
    environment.NAMESPACE: "shop",
    environment.POD_NAME: "pod-a",
}


async def seven() -> int:
    return 7


async def nothing() -> None:
    return None


class TestSettings:
    def test_the_attempt_claims_the_instant_of_its_jobs_name(self) -> None:
        start = begun().start_time
        assert read_settings(ENVIRONMENT).attempt(start).claim == begun()

    def test_a_job_made_by_hand_has_no_scheduled_time(self) -> None:
        by_hand = {**ENVIRONMENT, environment.JOB_NAME: "try-it"}
        claim = read_settings(by_hand).attempt(NOW).claim
        assert claim.scheduled_time is None
        assert "-manual-" in claim.job_id

    @pytest.mark.parametrize("name", ENVIRONMENT)
    def test_a_variable_that_is_missing_is_named(self, name: str) -> None:
        with pytest.raises(InvalidSettings, match=name):
            read_settings({**ENVIRONMENT, name: ""})

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            (environment.ENTRYPOINT, "shop.tasks.restock"),
            (environment.TIMEOUT_SECONDS, "0"),
            (environment.TIMEOUT_SECONDS, "soon"),
            (environment.RETRY_COUNT, "-1"),
            (environment.MAX_CONCURRENT, "0"),
        ],
    )
    def test_a_value_that_cannot_be_used_is_named(self, name: str, value: str) -> None:
        with pytest.raises(InvalidSettings, match=name):
            read_settings({**ENVIRONMENT, name: value})


class TestMemoryLimit:
    @pytest.mark.parametrize(
        ("membership", "file", "text"),
        [
            pytest.param("0::/", "memory.events", "oom 3\noom_kill 2\n", id="v2"),
            pytest.param("0::/pods/a", "pods/a/memory.events", "oom_kill 2\n", id="v2, own path"),
            pytest.param(
                "9:memory:/", "memory/memory.oom_control", "under_oom 0\noom_kill 2\n", id="v1"
            ),
            pytest.param(
                "9:cpu,memory:/pods/a",
                "memory/memory.oom_control",
                "oom_kill 2\n",
                id="v1, the host's path in a container",
            ),
        ],
    )
    def test_the_kernels_count_is_found(
        self, tmp_path: Path, membership: str, file: str, text: str
    ) -> None:
        (tmp_path / "self").write_text(f"{membership}\n")
        (tmp_path / "mount" / file).parent.mkdir(parents=True)
        (tmp_path / "mount" / file).write_text(text)
        assert oom_kills(tmp_path / "mount", tmp_path / "self") == 2

    def test_a_kernel_that_does_not_tell_counts_none(self, tmp_path: Path) -> None:
        assert oom_kills(tmp_path / "mount", tmp_path / "self") == 0


class TestRetries:
    @pytest.mark.parametrize(
        ("outcome", "attempts", "is_another"),
        [
            pytest.param(failed(begun(retry_count=1)), 1, True, id="one is left"),
            pytest.param(failed(begun(retry_count=1)), 2, False, id="none is left"),
            pytest.param(completed(begun(retry_count=1)), 1, False, id="it completed"),
            pytest.param(None, 1, False, id="nothing ran"),
        ],
    )
    def test_what_failed_is_retried_while_attempts_are_left(
        self, outcome: Outcome | None, attempts: int, is_another: bool
    ) -> None:
        assert is_retried(outcome, attempts) is is_another

    def test_pauses_grow_to_at_most_six_minutes(self) -> None:
        pauses = [retry_pause(attempts) for attempts in range(1, 9)]
        assert pauses == [10, 20, 40, 80, 160, 320, 360, 360]
        assert retry_pause(10**6) == 360

    @pytest.mark.parametrize(
        ("earlier", "drawn", "seconds"),
        [(0, 0.9, 0), (1, 0, 0), (1, 0.5, 2.5), (1, 1, 5), (2, 0.5, 5), (9, 1, 180)],
    )
    def test_a_further_attempt_holds_back_up_to_half_its_pause(
        self, earlier: int, drawn: float, seconds: float
    ) -> None:
        assert jitter(earlier, drawn) == seconds

    def test_what_is_drawn_is_uniform_over_attempts_and_the_same_for_each(self) -> None:
        drawn = [draw(f"job-29540880-{number:06x}") for number in range(20_000)]
        assert drawn[7] == draw("job-29540880-000007")
        for tenth in range(10):
            share = sum(tenth <= 10 * d < tenth + 1 for d in drawn) / len(drawn)
            assert 0.09 < share < 0.11


class TestReport:
    def test_what_is_written_is_read(self) -> None:
        shared = SharedReport()
        assert shared.read() is None
        report = Report(1.5, Reason.TASK_RAISED, "ValueError: é", "trace", None)
        shared.write(report)
        assert shared.read() == report

    def test_the_largest_report_fits(self) -> None:
        shared = SharedReport()
        shared.write(Report(1.5, Reason.TASK_RAISED, "\x01" * 10**6, "\x01" * 10**6))
        report = shared.read()
        assert report is not None
        assert len((report.traceback or "").encode()) <= MAX_TRACEBACK_BYTES

    @pytest.mark.parametrize("result", [None, 3, "text", [1, {"a": [None, True]}], {"é": 1.5}])
    def test_a_small_result_that_json_can_say_is_kept(self, result: Any) -> None:
        assert storable(result) == result

    @pytest.mark.parametrize(
        "result",
        [object(), {1, 2}, float("nan"), "x" * MAX_RESULT_BYTES, "nul \0", "surrogate \ud800"],
        ids=["object", "set", "nan", "large", "nul", "surrogate"],
    )
    def test_any_other_result_is_left_out(self, result: Any) -> None:
        assert storable(result) is None

    def test_in_a_termination_message_it_gives_way_to_the_traceback(self) -> None:
        outcome = failed(begun(), traceback="x" * 3000, result="y" * 3000)
        read = from_message(to_message(outcome))
        assert (read.result, read.traceback) == (None, "x" * 3000)


class TestTracebacks:
    def test_the_runners_own_frames_are_not_shown(self) -> None:
        def task() -> None:
            raise ValueError("no stock")

        with pytest.raises(ValueError, match="no stock") as raised:
            prepare_call(task, nothing)()
        below_this_test = raised.value.__traceback__ and raised.value.__traceback__.tb_next
        error = raised.value.with_traceback(below_this_test)
        assert error_message(error) == "ValueError: no stock"
        assert "calls.py" not in trace(error)
        assert "in task" in trace(error)

    def test_an_error_that_cannot_be_shown_is_told_by_its_name(self) -> None:
        class Mute(Exception):
            def __str__(self) -> str:
                raise RuntimeError

        assert error_message(Mute()).endswith("Mute: (its message cannot be shown)")
        assert "Mute" in trace(Mute())


class TestCalls:
    @pytest.mark.parametrize("task", [lambda: 7, seven], ids=["sync", "async"])
    def test_a_task_is_called_and_awaited(self, task: Callable[[], Any]) -> None:
        assert prepare_call(task, nothing)() == 7

    def test_the_loop_of_an_async_task_is_there_before_it_is_called(self) -> None:
        loops: list[asyncio.AbstractEventLoop] = []

        async def task() -> None:
            loops.append(asyncio.get_running_loop())

        called = prepare_call(task, nothing)
        ready = asyncio.get_event_loop_policy().get_event_loop()
        called()
        assert loops == [ready]

    def test_a_sync_task_may_start_its_own_loop(self) -> None:
        assert prepare_call(lambda: asyncio.run(seven()), nothing)() == 7

    def test_what_a_sync_task_returns_is_awaited(self) -> None:
        def later() -> Any:
            return seven()

        assert prepare_call(later, nothing)() == 7

    def test_the_database_is_closed_in_the_loop_of_an_async_task(self) -> None:
        closed: list[bool] = []

        async def close() -> None:
            closed.append(True)

        async def raises() -> None:
            raise ValueError("no stock")

        with pytest.raises(ValueError, match="no stock"):
            prepare_call(raises, close)()
        assert closed == [True]

    def test_a_database_that_cannot_be_closed_changes_no_result(self) -> None:
        async def fails() -> None:
            raise OSError("gone")

        assert prepare_call(seven, fails)() == 7

    def test_an_error_in_a_walkers_report_is_a_failure(self) -> None:
        class Faulty(Walker):
            async def spawn(self, start_node: Any = None) -> "Faulty":
                await self.report({"hook_error": "no shelf", "hook_name": "check", "node_id": "n"})
                return self

        with pytest.raises(WalkerFailed, match="check on n: no shelf"):
            prepare_call(Faulty, nothing)()


class TestEntrypoint:
    def test_a_name_is_loaded(self) -> None:
        assert load("json:dumps") is json.dumps

    @pytest.mark.parametrize("entrypoint", ["json:no_such", "json:decoder.no_such"])
    def test_a_name_that_is_not_there_is_told(self, entrypoint: str) -> None:
        with pytest.raises(TaskNotFound, match="json has no"):
            load(entrypoint)

    def test_what_cannot_be_called_is_told(self) -> None:
        with pytest.raises(TaskNotFound, match="cannot be called"):
            load("json:__name__")


def test_a_process_that_cannot_be_had_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_process() -> int:
        raise BlockingIOError("no process is left")

    monkeypatch.setattr(os, "fork", no_process)
    before = sorted(Path("/proc/self/fd").iterdir())
    with pytest.raises(OSError, match="no process is left"):
        TaskProcess(partial(run_task, "tests.support.runner.tasks.ends:returns", None))
    assert sorted(Path("/proc/self/fd").iterdir()) == before
