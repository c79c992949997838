"""The server ends sessions of namespaces that hold it up, and says whose they were."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from jvscheduler.errors import HistoryUnavailable
from jvscheduler_server.sessions import guard_of, guard_sessions, look


class FakeGuard:
    """Answers with these, one for each look."""

    def __init__(self, *answers: Sequence[str] | Exception) -> None:
        self._answers = iter(answers)
        self.is_closed = False

    async def end_sessions(self) -> Sequence[str]:
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        self.is_closed = True


def test_ended_sessions_are_counted_for_each_role(caplog: pytest.LogCaptureFixture) -> None:
    guard: Any = FakeGuard(["ns_shop", "ns_farm", "ns_shop"], [])
    asyncio.run(look(guard))
    asyncio.run(look(guard))
    assert caplog.messages == [
        "ended 2 sessions of ns_shop, which held up the history",
        "ended 1 sessions of ns_farm, which held up the history",
    ]


def test_a_history_that_is_away_ends_no_guard(caplog: pytest.LogCaptureFixture) -> None:
    guard: Any = FakeGuard(HistoryUnavailable("away"))
    asyncio.run(look(guard))
    assert caplog.messages == []


def test_the_connection_is_given_back_when_the_server_ends() -> None:
    guard: Any = FakeGuard([])

    async def story() -> None:
        running = asyncio.create_task(guard_sessions(guard))
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(story())
    assert guard.is_closed


@pytest.mark.parametrize(("options", "has_guard"), [("", False), ("?schema=jvscheduler", True)])
def test_only_a_history_with_roles_for_namespaces_has_a_guard(
    options: str, has_guard: bool
) -> None:
    guard = guard_of(f"postgresql://server:x@127.0.0.1/jvscheduler{options}")
    assert (guard is not None) is has_guard
