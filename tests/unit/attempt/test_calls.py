"""How a task is loaded by its entrypoint, and called."""

import asyncio
import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from jvspatial.core import Walker

from jvscheduler.attempt.child.alarm import Alarm
from jvscheduler.attempt.child.calls import (
    ArgsNotTaken,
    TaskNotFound,
    WalkerFailed,
    bind,
    load,
    prepare_call,
)


async def seven() -> int:
    return 7


async def nothing() -> None:
    return None


def never() -> bool:
    return False


class TestCalls:
    @pytest.mark.parametrize("task", [lambda: 7, seven], ids=["sync", "async"])
    def test_a_task_is_called_and_awaited(self, task: Callable[[], Any]) -> None:
        assert prepare_call(task, nothing, Alarm(never))() == 7

    def test_the_event_loop_of_an_async_task_exists_before_it_is_called(self) -> None:
        loops: list[asyncio.AbstractEventLoop] = []

        async def task() -> None:
            loops.append(asyncio.get_running_loop())

        called = prepare_call(task, nothing, Alarm(never))
        ready = asyncio.get_event_loop_policy().get_event_loop()
        called()
        assert loops == [ready]

    def test_a_sync_task_may_start_its_own_loop(self) -> None:
        assert prepare_call(lambda: asyncio.run(seven()), nothing, Alarm(never))() == 7

    def test_an_awaitable_that_a_sync_task_returns_is_awaited(self) -> None:
        def later() -> Any:
            return seven()

        assert prepare_call(later, nothing, Alarm(never))() == 7

    def test_the_database_is_closed_in_the_loop_of_an_async_task(self) -> None:
        closed: list[bool] = []

        async def close() -> None:
            closed.append(True)

        async def raises() -> None:
            raise ValueError("no stock")

        call = prepare_call(raises, close, Alarm(never))
        with pytest.raises(ValueError, match="no stock"):
            call()
        end = call.take_end()
        assert end is not None
        end()
        assert closed == [True]

    def test_a_database_that_cannot_be_closed_changes_no_result(self) -> None:
        async def fails() -> None:
            raise OSError("gone")

        call = prepare_call(seven, fails, Alarm(never))
        assert call() == 7
        end = call.take_end()
        assert end is not None
        end()

    def test_an_error_in_a_walkers_report_is_a_failure(self) -> None:
        class Faulty(Walker):
            async def spawn(self, start_node: Any = None) -> "Faulty":
                await self.report({"hook_error": "no shelf", "hook_name": "check", "node_id": "n"})
                return self

        with pytest.raises(WalkerFailed, match="check on n: no shelf"):
            prepare_call(Faulty, nothing, Alarm(never))()


class TestEntrypoint:
    def test_a_name_is_loaded(self) -> None:
        assert load("json:dumps") is json.dumps

    @pytest.mark.parametrize("entrypoint", ["json:no_such", "json:decoder.no_such"])
    def test_a_name_that_the_module_lacks_is_refused(self, entrypoint: str) -> None:
        with pytest.raises(TaskNotFound, match="json has no"):
            load(entrypoint)

    def test_an_object_that_cannot_be_called_is_refused(self) -> None:
        with pytest.raises(TaskNotFound, match="cannot be called"):
            load("json:__name__")


class TestArguments:
    def test_a_task_gets_its_arguments(self) -> None:
        assert bind(seven, {}) is seven
        called = prepare_call(bind(adds, {"day": "2026-02-28"}), nothing, Alarm(never))
        assert called() == date(2026, 3, 1)

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            ({}, "adds requires the arguments day"),
            ({"day": "never"}, r"args\.day: Input should be a valid date"),
            ({"day": "2026-02-28", "hour": 1}, "adds has no hour among its arguments"),
        ],
    )
    def test_a_function_that_does_not_take_the_arguments(
        self, args: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(ArgsNotTaken, match=message):
            bind(adds, args)


async def adds(day: date, days: int = 1) -> date:
    return day + timedelta(days=days)
