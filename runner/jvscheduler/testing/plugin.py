"""The fixtures that pytest finds in each project that has jvscheduler.

pytest imports this module when it starts, so it imports nothing that is slow to load.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from jvscheduler.history import ScheduledJob
    from jvscheduler.testing import MemoryHistory


@pytest.fixture
def jvscheduler_history() -> "MemoryHistory":
    """An empty history in memory."""
    from jvscheduler.testing import MemoryHistory  # noqa: PLC0415 - it loads jvspatial

    return MemoryHistory()


@pytest.fixture
def jvscheduler_run(
    jvscheduler_history: "MemoryHistory", tmp_path: "Path"
) -> "Callable[..., ScheduledJob]":
    """`jvscheduler.testing.run_task`. All jobs of a test share a history and a database."""
    from jvscheduler.testing import run_task  # noqa: PLC0415 - it loads jvspatial

    url = f"sqlite:///{tmp_path}/entities.db"
    return partial(run_task, history=jvscheduler_history, database_url=url)
