"""What the Secrets of an installation hold: made once, kept, renewed in time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.urls import parse_url
from jvscheduler_server.credentials.certificates import (
    AUTHORITY_LIFETIME,
    LIFETIME,
    end_of,
    is_signed_by,
    names_in,
)
from jvscheduler_server.credentials.decide import (
    PASSWORDS,
    RENEW,
    RENEW_AUTHORITY,
    Data,
    Installation,
    decide,
)
from jvscheduler_server.migrate.settings import read_settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALL = Installation("jv", "ops", has_database=True, signs_database=True, signs_api=True)
AUTHORITY, DATABASE, TLS, API = "jv-authority", "jv-postgresql", "jv-postgresql-tls", "jv-api-tls"


def made(installation: Installation = ALL, now: datetime = NOW) -> Mapping[str, Data]:
    return decide(installation, {}, now)


def test_each_part_has_an_address_of_its_own_that_verifies_the_database() -> None:
    data = made()[DATABASE]
    assert len({data[key] for key in PASSWORDS}) == 4
    for key, role in (("admin-url", "owner"), ("url", "server"), ("operator-url", "operator")):
        url = parse_url(data[key])
        start = f"postgresql://jvscheduler_{role}:{data[f'{role}-password']}@"
        assert url.text.startswith(f"{start}jv-postgresql.ops.svc:5432/jvscheduler?")
        assert "sslmode=verify-full&sslrootcert=/etc/jvscheduler/database/ca.crt" in url.text
        assert url.holds_namespaces == (key == "url")
    environ = {
        "JVSCHEDULER_DATABASE_ADMIN_URL": data["admin-url"],
        "JVSCHEDULER_DATABASE_URL": data["url"],
        "JVSCHEDULER_OPERATOR_DATABASE_URL": data["operator-url"],
    }
    assert read_settings([], environ).server.password == data["server-password"]


def test_what_signs_is_written_before_what_it_signs() -> None:
    assert list(made()) == [DATABASE, AUTHORITY, TLS, API] == list(ALL.secrets)


@pytest.mark.parametrize(("secret", "service"), [(TLS, "jv-postgresql"), (API, "jv-api")])
def test_a_certificate_is_for_the_service_by_all_its_names(secret: str, service: str) -> None:
    data = made()
    names = {"", ".ops", ".ops.svc", ".ops.svc.cluster.local"}
    assert names_in(data[secret]["tls.crt"]) == {service + name for name in names}
    assert is_signed_by(data[secret]["tls.crt"], data[AUTHORITY]["ca.crt"])
    assert data[secret]["ca.crt"] == data[AUTHORITY]["ca.crt"]
    assert "ca.key" not in data[secret]


def test_a_second_run_changes_nothing() -> None:
    first = made()
    assert decide(ALL, first, NOW + timedelta(days=1000)) == first


def test_an_earlier_charts_passwords_are_taken_over() -> None:
    old = {**{key: f"old-{key}" for key in PASSWORDS}, "url": "postgresql://plain", "more": "kept"}
    data = decide(ALL, {DATABASE: old}, NOW)[DATABASE]
    assert {key: data[key] for key in (*PASSWORDS, "more")} == {
        key: old[key] for key in (*PASSWORDS, "more")
    }
    assert "old-server-password@" in data["url"]
    assert "verify-full" in data["url"]


def test_a_missing_password_is_made_and_the_others_stay() -> None:
    first = made()
    lost = {k: v for k, v in first[DATABASE].items() if k != "server-password"}
    data = decide(ALL, {**first, DATABASE: lost}, NOW)[DATABASE]
    changed = {key for key in data if data[key] != first[DATABASE][key]}
    assert changed == {"server-password", "url"}


def test_a_certificate_is_renewed_years_before_it_ends() -> None:
    first = made()
    before = NOW + LIFETIME - RENEW - timedelta(days=1)
    assert decide(ALL, first, before) == first
    after = before + timedelta(days=2)
    renewed = decide(ALL, first, after)
    assert (renewed[AUTHORITY], renewed[DATABASE]) == (first[AUTHORITY], first[DATABASE])
    assert end_of(renewed[TLS]["tls.crt"]) == after + LIFETIME
    assert decide(ALL, renewed, after) == renewed


def test_an_authority_is_renewed_with_its_key_and_what_it_signed_stays() -> None:
    first = made(now=NOW)
    later = NOW + AUTHORITY_LIFETIME - RENEW_AUTHORITY + timedelta(days=1)
    recent = decide(ALL, first, later - timedelta(days=2))
    renewed = decide(ALL, recent, later)
    assert recent[AUTHORITY] == first[AUTHORITY] != renewed[AUTHORITY]
    assert renewed[AUTHORITY]["ca.key"] == first[AUTHORITY]["ca.key"]
    assert renewed[TLS]["tls.crt"] == recent[TLS]["tls.crt"]
    assert renewed[TLS]["ca.crt"] == renewed[AUTHORITY]["ca.crt"]


def test_a_certificate_never_outlives_its_authority() -> None:
    assert RENEW_AUTHORITY > LIFETIME


@pytest.mark.parametrize("lost", [AUTHORITY, TLS])
def test_a_deleted_secret_is_made_anew_and_fits(lost: str) -> None:
    found = {name: data for name, data in made().items() if name != lost}
    data = decide(ALL, found, NOW)
    for secret in (TLS, API):
        assert is_signed_by(data[secret]["tls.crt"], data[AUTHORITY]["ca.crt"])


def test_a_certificate_for_other_names_is_replaced() -> None:
    moved = replace(ALL, namespace="other")
    data = decide(moved, made(), NOW)
    assert "jv-postgresql.other.svc" in names_in(data[TLS]["tls.crt"])


@pytest.mark.parametrize(
    ("secret", "key"), [(AUTHORITY, "ca.crt"), (AUTHORITY, "ca.key"), (TLS, "tls.crt")]
)
def test_what_cannot_be_read_is_not_replaced(secret: str, key: str) -> None:
    found = made()
    broken = {**found, secret: {**found[secret], key: "garbage"}}
    with pytest.raises(InvalidSettings, match=f"Secret {secret} .* delete it"):
        decide(ALL, broken, NOW)


@pytest.mark.parametrize(
    ("installation", "secrets"),
    [
        (replace(ALL, signs_database=False, signs_api=False), (DATABASE,)),
        (replace(ALL, has_database=False, signs_database=False), (AUTHORITY, API)),
        (replace(ALL, signs_api=False), (DATABASE, AUTHORITY, TLS)),
        (Installation("jv", "ops"), ()),
    ],
)
def test_only_what_the_installation_needs_is_made(
    installation: Installation, secrets: tuple[str, ...]
) -> None:
    assert tuple(made(installation)) == secrets == installation.secrets
