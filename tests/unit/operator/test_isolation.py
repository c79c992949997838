"""The address of the history that each namespace gets, where it has a role of its own."""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.urls import parse_url
from jvscheduler_operator.database.isolation import Isolation
from jvscheduler_operator.settings import Settings, from_environment

KEY = "k" * 32
URL = "postgresql://jvscheduler_operator:secret@db.jvscheduler.svc:5432/jvscheduler"
ISOLATION = Isolation(URL, KEY)
ENVIRON = {
    "JVSCHEDULER_OPERATOR_DATABASE_URL": URL,
    "JVSCHEDULER_NAMESPACE_PASSWORD_KEY": KEY,
}


def test_a_namespace_gets_the_operators_address_with_its_own_role_password_and_schema() -> None:
    parts = urlsplit(ISOLATION.url_of("my-shop"))
    assert (parts.username, parts.password) == ("ns_my_shop", ISOLATION.password_of("my-shop"))
    assert (parts.hostname, parts.port, parts.path) == ("db.jvscheduler.svc", 5432, "/jvscheduler")
    assert parse_qs(parts.query) == {"schema": ["ns_my_shop"]}


def test_the_operators_options_and_hosts_are_every_namespaces() -> None:
    url = "postgresql://op:secret@one,two:5433/jobs?sslmode=verify-full&sslrootcert=/ca/ca.crt"
    found = Isolation(url, KEY).url_of("shop")
    assert found.endswith(
        "@one,two:5433/jobs?sslmode=verify-full&sslrootcert=/ca/ca.crt&schema=ns_shop"
    )


def test_the_history_takes_the_address() -> None:
    assert parse_url(ISOLATION.url_of("shop")).backend == "postgresql"


def test_a_password_is_the_same_in_every_process_and_needs_no_escape() -> None:
    password = ISOLATION.password_of("shop")
    assert password == Isolation(URL, KEY).password_of("shop")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", password)


@pytest.mark.parametrize(
    ("namespace", "key"), [("shop", "K" * 32), ("shop2", KEY)], ids=["key", "namespace"]
)
def test_another_key_or_namespace_is_another_password(namespace: str, key: str) -> None:
    assert Isolation(URL, key).password_of(namespace) != ISOLATION.password_of("shop")


def test_the_digest_follows_the_address_and_is_no_part_of_it() -> None:
    digest = ISOLATION.digest_of("shop")
    assert digest not in ISOLATION.url_of("shop")
    others = [
        ISOLATION.digest_of("shop2"),
        replace(ISOLATION, password_key="K" * 32).digest_of("shop"),
        replace(ISOLATION, operator_url=URL.replace("5432", "5433")).digest_of("shop"),
    ]
    assert len({digest, *others}) == 4


def test_the_driver_gets_no_option_that_only_the_history_knows() -> None:
    url = f"{URL}?statement_cache_size=0&sslmode=require"
    assert Isolation(url, KEY).driver_url == f"{URL}?sslmode=require"
    assert "statement_cache_size=0" in Isolation(url, KEY).url_of("shop")


def test_neither_key_nor_address_is_shown() -> None:
    assert "secret" not in repr(ISOLATION)
    assert KEY not in repr(from_environment(ENVIRON))


def test_without_both_variables_every_namespace_has_the_same_address() -> None:
    chosen = from_environment({"JVSCHEDULER_DATABASE_URL": "postgresql://h/jobs"})
    assert chosen.isolation is None
    assert chosen.database_url_of("shop") == chosen.database_url_of("other")
    assert chosen.loop_container_of("shop") == chosen.loop_container


def test_with_both_variables_each_namespace_has_its_own() -> None:
    chosen = from_environment({**ENVIRON, "JVSCHEDULER_DATABASE_URL": "postgresql://h/jobs"})
    assert chosen.database_url_of("shop") == ISOLATION.url_of("shop")
    assert chosen.loop_container_of("shop").database == ISOLATION.digest_of("shop")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"JVSCHEDULER_NAMESPACE_PASSWORD_KEY": ""}, "must be set together"),
        ({"JVSCHEDULER_OPERATOR_DATABASE_URL": ""}, "must be set together"),
        ({"JVSCHEDULER_OPERATOR_DATABASE_URL": "mongodb://u:secret@h/d"}, "postgresql://"),
        ({"JVSCHEDULER_NAMESPACE_PASSWORD_KEY": "secret"}, "at least 32 characters"),
    ],
)
def test_settings_that_isolate_nothing_are_refused(changes: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidSettings, match=message) as refused:
        from_environment({**ENVIRON, **changes})
    assert "secret" not in str(refused.value)


def test_isolation_is_off_unless_it_is_asked_for() -> None:
    assert Settings(None, None, "http://localhost/", "host").isolation is None
