"""The in-memory history keeps to the contracts of all histories."""

from collections.abc import Callable

import pytest

from jvscheduler.history.memory import MemoryHistory
from tests.history_contract import HistoryContract
from tests.loop_store_contract import LoopStoreContract
from tests.slots_contract import SlotsContract


class TestMemoryHistory(HistoryContract, LoopStoreContract, SlotsContract):
    @pytest.fixture
    def make_store(self) -> Callable[[], MemoryHistory]:
        return MemoryHistory

    @pytest.fixture
    def make_loop_store(self) -> Callable[[], MemoryHistory]:
        return MemoryHistory
