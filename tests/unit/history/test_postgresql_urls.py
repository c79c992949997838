"""The options of a PostgreSQL URL that are ours: no prepared statements, and the schema."""

import pytest
from jvspatial.db.postgres import PostgresDB

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.backends.postgresql.backend import BACKEND
from jvscheduler.history.backends.postgresql.url import (
    driver_url,
    prepares_statements,
    without_statements,
)
from jvscheduler.history.backends.registry import open_database
from jvscheduler.history.store.database import open_store
from jvscheduler.history.store.namespaces import NamespacedHistory
from jvscheduler.history.urls import absolute_url, parse_url

PLAIN = "postgresql://shop:s3%40cret@db:5432/shop"


@pytest.mark.parametrize(
    ("url", "sent", "prepares"),
    [
        (PLAIN, PLAIN, True),
        (f"{PLAIN}?sslmode=require", f"{PLAIN}?sslmode=require", True),
        (f"{PLAIN}?statement_cache_size=0", PLAIN, False),
        (
            f"{PLAIN}?sslmode=require&statement_cache_size=0&application_name=a+b",
            f"{PLAIN}?sslmode=require&application_name=a+b",
            False,
        ),
    ],
)
def test_the_driver_gets_the_url_without_the_option(url: str, sent: str, prepares: bool) -> None:
    assert driver_url(url) == sent
    assert prepares_statements(url) is prepares
    assert absolute_url(url) == url, "a task's process needs the option too"
    assert driver_url(without_statements(url)) == sent
    assert not prepares_statements(without_statements(url))


@pytest.mark.parametrize("value", ["100", "", "none", "00"])
def test_another_value_is_refused_by_its_name(value: str) -> None:
    with pytest.raises(InvalidSettings, match=r"statement_cache_size .* may only be 0"):
        parse_url(f"{PLAIN}?statement_cache_size={value}")


@pytest.mark.parametrize("value", ["maybe", "", "Require"])
def test_an_sslmode_that_the_driver_refuses_is_no_outage(value: str) -> None:
    with pytest.raises(InvalidSettings, match=r"sslmode .* may be disable, allow"):
        parse_url(f"{PLAIN}?sslmode={value}")


@pytest.mark.parametrize(("mode", "prepares"), [("session", True), ("transaction", False)])
def test_the_pooler_mode_of_jvspatials_own_database_is_kept(mode: str, prepares: bool) -> None:
    url = BACKEND.url_of(PostgresDB(dsn=PLAIN, pooler_mode=mode))
    assert url is not None
    assert prepares_statements(url) is prepares


@pytest.mark.parametrize(
    ("url", "sent", "schema"),
    [
        (PLAIN, PLAIN, "public"),
        (f"{PLAIN}?schema=ns_shop", PLAIN, "ns_shop"),
        (
            f"{PLAIN}?schema=ns_shop&sslmode=verify-full&statement_cache_size=0",
            f"{PLAIN}?sslmode=verify-full",
            "ns_shop",
        ),
    ],
)
def test_the_schema_is_that_of_the_url_and_is_not_sent(url: str, sent: str, schema: str) -> None:
    database = open_database(parse_url(url), connections=1, timeout=1)
    assert isinstance(database, PostgresDB)
    assert (driver_url(url), database.schema_name) == (sent, schema)
    assert not parse_url(url).holds_namespaces


def test_the_schema_of_the_server_holds_namespaces() -> None:
    assert parse_url(f"{PLAIN}?schema=jvscheduler").holds_namespaces
    assert isinstance(open_store(f"{PLAIN}?schema=jvscheduler"), NamespacedHistory)


@pytest.mark.parametrize("schema", ["", "Shop", "a-b", "a.b", 'a"b', "a" * 64, "1a", "ä"])
def test_a_schema_that_is_no_plain_name_is_refused(schema: str) -> None:
    with pytest.raises(InvalidSettings, match="schema in the database URL is a name of small"):
        parse_url(f"{PLAIN}?schema={schema}")


def test_the_schema_of_jvspatials_own_database_is_kept() -> None:
    url = BACKEND.url_of(PostgresDB(dsn=PLAIN, schema_name="ns_shop"))
    assert url == f"{PLAIN}?schema=ns_shop"
    assert BACKEND.url_of(PostgresDB(dsn=PLAIN)) == PLAIN
