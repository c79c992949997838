"""The in-memory history keeps to the contracts of all histories."""

from collections.abc import Callable
from typing import Any

import pytest

from jvscheduler.history.store.database import DatabaseHistory
from jvscheduler.testing.database import MemoryDatabase
from jvscheduler.testing.history import MemoryHistory
from tests.contracts.history import HistoryContract
from tests.contracts.listings import ListingContract
from tests.contracts.loop_history import LoopStoreContract
from tests.contracts.slots import SlotsContract


class TestMemoryHistory(HistoryContract, ListingContract, LoopStoreContract, SlotsContract):
    @pytest.fixture
    def make_store(self) -> Callable[[], MemoryHistory]:
        return MemoryHistory

    @pytest.fixture
    def make_loop_store(self) -> Callable[[], MemoryHistory]:
        return MemoryHistory


class TestAnyDatabase(ListingContract, LoopStoreContract, SlotsContract):
    """A database without a backend: the generic one serves it, as it would any other."""

    @pytest.fixture
    def make_store(self) -> Callable[[], DatabaseHistory]:
        database: Any = MemoryDatabase()
        return lambda: DatabaseHistory(database, "memory")

    @pytest.fixture
    def make_loop_store(self) -> Callable[[], DatabaseHistory]:
        database: Any = MemoryDatabase()
        return lambda: DatabaseHistory(database, "memory")
