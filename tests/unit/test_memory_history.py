"""The in-memory history keeps to the contracts of all histories."""

from collections.abc import Callable
from typing import Any

import pytest

from jvscheduler.history.jvspatial_store import JvspatialHistory
from jvscheduler.testing.database import MemoryDatabase
from jvscheduler.testing.history import MemoryHistory
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


class TestAnyDatabase(LoopStoreContract, SlotsContract):
    """A database of jvspatial's for which there is no statement of our own."""

    @pytest.fixture
    def make_loop_store(self) -> Callable[[], JvspatialHistory]:
        database: Any = MemoryDatabase()
        return lambda: JvspatialHistory(database, "memory")
