"""A connection whose opening is cancelled."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from jvscheduler.history.store.database import open_store
from tests.support.waiting import eventually


def test_a_cancelled_opening_leaves_no_thread_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cancel_soon(steps: int) -> None:
        store = open_store(f"sqlite:///{tmp_path}/{steps}.db")
        opening = asyncio.create_task(store.ping())
        for _ in range(steps):
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait({opening})
        await store.close()

    before, faults = threading.active_count(), list[Any]()
    monkeypatch.setattr(threading, "excepthook", faults.append)
    for steps in range(40):
        asyncio.run(cancel_soon(steps))
    assert faults == []
    eventually(lambda: threading.active_count() == before, "the connections' threads have ended")
