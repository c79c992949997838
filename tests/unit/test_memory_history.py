"""The in-memory history keeps to the contract of all histories."""

from collections.abc import Callable

import pytest

from jvscheduler.history.memory import MemoryHistory
from tests.history_contract import HistoryContract


class TestMemoryHistory(HistoryContract):
    @pytest.fixture
    def make_store(self) -> Callable[[], MemoryHistory]:
        return MemoryHistory
