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
    with pytest.raises(InvalidSettings, match=rf"sslmode .* may be disable, allow.*got '{value}'"):
        parse_url(f"{PLAIN}?sslmode={value}")


CA = "sslrootcert=/etc/ca.crt"


@pytest.mark.parametrize(
    "options",
    [
        f"sslmode=verify-full&{CA}",
        f"{CA}&sslmode=verify-ca&sslcrl=/etc/crl.pem",
        f"sslmode=require&{CA}",
        "sslmode=prefer&sslcert=/etc/own.crt&sslkey=/etc/own.key&sslpassword=x",
        "sslmode=require&sslnegotiation=direct&ssl_min_protocol_version=TLSv1.3",
        "target_session_attrs=any&application_name=ssl",
    ],
)
def test_options_of_tls_reach_the_driver(options: str) -> None:
    assert driver_url(parse_url(f"{PLAIN}?{options}").text) == f"{PLAIN}?{options}"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (CA, "sslrootcert .* no effect with sslmode=prefer, .* set sslmode=verify-full"),
        (f"sslmode=disable&{CA}", "sslrootcert .* no effect with sslmode=disable"),
        ("sslmode=allow&sslcrl=/crl", "sslcrl .* no effect with sslmode=allow"),
        ("sslmode=disable&sslcert=/a", "sslcert .* no effect with sslmode=disable"),
        ("sslmode=require&sslkey=/a", "sslkey .* no effect without sslcert"),
        ("sslmode=verify-full&sslrootcert=system", "sslrootcert .* absolute path .* 'system'"),
        ("sslmode=verify-full&sslrootcert=ca.crt", "sslrootcert .* absolute path .* 'ca.crt'"),
        ("sslmode=require&sslnegotiation=tls", "sslnegotiation .* may be postgres, direct"),
        ("ssl_min_protocol_version=1.3", r"ssl_min_protocol_version .* TLSv1\.3, got '1\.3'"),
        ("sslmod=verify-full", "sslmod .* no option here"),
        ("ssl=true", "ssl .* no option here"),
        ("channel_binding=require", "channel_binding .* no option here"),
    ],
)
def test_an_option_of_tls_that_would_protect_nothing_is_refused(options: str, problem: str) -> None:
    with pytest.raises(InvalidSettings, match=problem):
        parse_url(f"{PLAIN}?{options}")


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
