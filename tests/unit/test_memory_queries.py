"""Queries over entities in memory keep to the contract of all databases."""

from collections.abc import Callable

import pytest

from jvscheduler.testing.database import MemoryDatabase
from tests.change_contract import ChangeContract
from tests.documented_examples import DocumentedExamples
from tests.query_contract import QueryContract
from tests.retention_contract import RetentionContract


class TestMemoryQueries(QueryContract, ChangeContract, RetentionContract):
    @pytest.fixture
    def make_database(self) -> Callable[[], MemoryDatabase]:
        database = MemoryDatabase()
        return lambda: database


class TestMemoryExamples(DocumentedExamples):
    @pytest.fixture
    def make_database(self) -> Callable[[], MemoryDatabase]:
        database = MemoryDatabase()
        return lambda: database
