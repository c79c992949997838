"""jvspatial's `register_scheduled_tasks`: its documentation only calls it, its code awaits it."""

import asyncio

import pytest

from jvscheduler.errors import InvalidSettings
from jvscheduler_server.embedded import registration
from jvscheduler_server.embedded.compat import SchedulerService, register_scheduled_tasks


def test_registering_may_be_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    # Other tests decorate functions too, some in modules that nobody can import.
    monkeypatch.setattr(registration, "decorated", lambda: ())

    async def application() -> None:
        await register_scheduled_tasks(SchedulerService())

    asyncio.run(application())
    with pytest.raises(InvalidSettings, match="scheduler_enabled=True"):
        register_scheduled_tasks(None)  # type: ignore[arg-type]
