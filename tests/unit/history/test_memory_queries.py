"""The in-memory database keeps to the contracts of all databases."""

from collections.abc import Callable

import pytest

from jvscheduler.testing.database import MemoryDatabase
from tests.contracts.changes import ChangeContract
from tests.contracts.documented_examples import DocumentedExamples
from tests.contracts.queries import QueryContract
from tests.contracts.refused_queries import RefusedQueryContract
from tests.contracts.retention import RetentionContract


class TestMemoryQueries(QueryContract, RefusedQueryContract, ChangeContract, RetentionContract):
    @pytest.fixture
    def make_database(self) -> Callable[[], MemoryDatabase]:
        database = MemoryDatabase()
        return lambda: database


class TestMemoryExamples(DocumentedExamples):
    @pytest.fixture
    def make_database(self) -> Callable[[], MemoryDatabase]:
        database = MemoryDatabase()
        return lambda: database
