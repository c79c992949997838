"""The option of a PostgreSQL URL that is ours: no prepared statements."""

import pytest
from jvspatial.db.postgres import PostgresDB

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.backends.postgresql.backend import BACKEND
from jvscheduler.history.backends.postgresql.url import (
    prepares_statements,
    without_option,
    without_statements,
)
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
    assert without_option(url) == sent
    assert prepares_statements(url) is prepares
    assert absolute_url(url) == url, "a task's process needs the option too"
    assert without_option(without_statements(url)) == sent
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
