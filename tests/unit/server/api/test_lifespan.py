"""The application opens, runs and closes its parts while it is served."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi.testclient import TestClient

from jvscheduler_server.access.access import OpenGate
from jvscheduler_server.api import lifespan
from jvscheduler_server.api.app import create_app
from tests.support.server.in_memory import Served


@pytest.fixture
def served() -> Served:
    return Served()


@contextmanager
def running(app: Any) -> Iterator[None]:
    with TestClient(app):
        yield


def test_the_application_opens_and_closes_what_it_reads(served: Served) -> None:
    started, ended = [], []

    async def part() -> None:
        started.append(served.cluster.running)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(served.cluster.running)

    with running(create_app(served.store, served.cluster, OpenGate(), [part])):
        assert served.store.opened == 1
        assert started == [True]
    assert (ended, served.cluster.running, served.store.closed) == ([True], False, 1)


def test_it_starts_while_the_history_is_away_and_opens_it_later(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifespan, "OPEN_AGAIN_SECONDS", 0.001)
    served.store.away = True
    opened = asyncio.Event()
    first = served.store.open

    async def open_and_report() -> None:
        await first()
        opened.set()

    served.store.open = open_and_report  # type: ignore[method-assign]

    async def wait_and_come_back() -> None:
        served.store.away = False

    async def scene() -> None:
        app = create_app(served.store, served.cluster, OpenGate(), [wait_and_come_back])
        async with app.router.lifespan_context(app):
            async with asyncio.timeout(60):
                await opened.wait()

    asyncio.run(scene())
    assert served.store.opened == 1


def test_a_part_that_fails_is_logged(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    async def part() -> None:
        raise RuntimeError("no more")

    with running(create_app(served.store, served.cluster, OpenGate(), [part])):
        assert served.get("/livez") == {"status": "ok"}
    assert "a part of the server ended for good" in caplog.text
