"""Decides what each Secret of an installation must hold. The time is an argument.

What a Secret has is kept: a password for ever, a certificate until it is renewed. What it lacks is
made. So every run but the first changes nothing, and a release of an earlier version of the chart
keeps its passwords.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.environment import DATABASE_AUTHORITY_FILE
from jvscheduler.errors import InvalidSettings
from jvscheduler_server.credentials.certificates import (
    Pair,
    check,
    end_of,
    is_signed_by,
    make_authority,
    names_in,
    sign,
)

Data = Mapping[str, str]
"""The content of a Secret, by its keys."""

RENEW_AUTHORITY: Final = timedelta(days=15 * 365)
RENEW: Final = timedelta(days=5 * 365)
"""A certificate that expires sooner is renewed. Whoever uses it takes the new one when its pod
starts next, and has years for that."""

PASSWORDS: Final = ("owner-password", "server-password", "operator-password", "namespace-key")
_CHARACTERS: Final = 36
"""Random bytes of a password: 48 characters, none of which a URL must escape."""

_AUTHORITY: Final = ("ca.crt", "ca.key")
_CERTIFICATE: Final = ("tls.crt", "tls.key")


@dataclass(frozen=True)
class Installation:
    """One release, and which credentials it needs."""

    name: str
    """The first part of its objects' names."""
    namespace: str
    has_database: bool = False
    signs_database: bool = False
    """True when the bundled database has no certificate of the user's."""
    signs_api: bool = False
    """True when the API server calls the server."""

    @property
    def database(self) -> str:
        """Its Service, and the Secret with its passwords and addresses."""
        return f"{self.name}-postgresql"

    @property
    def database_certificate(self) -> str:
        return f"{self.name}-postgresql-tls"

    @property
    def api_certificate(self) -> str:
        return f"{self.name}-api-tls"

    @property
    def authority(self) -> str:
        return f"{self.name}-authority"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The Secrets that it needs. What signs is before what it signs."""
        needed = {
            self.database: self.has_database,
            self.authority: self.signs_database or self.signs_api,
            self.database_certificate: self.signs_database,
            self.api_certificate: self.signs_api,
        }
        return tuple(name for name, is_needed in needed.items() if is_needed)


def decide(
    installation: Installation, found: Mapping[str, Data], now: datetime
) -> Mapping[str, Data]:
    """What each Secret must hold, in the order in which they are written.

    Raises InvalidSettings for a certificate that cannot be read: to replace it could cut off
    whoever trusts it, so that somebody must say so by deleting it.
    """
    wanted: dict[str, Data] = {}
    if installation.has_database:
        wanted[installation.database] = _passwords(
            installation, found.get(installation.database, {})
        )
    if installation.authority not in installation.secrets:
        return wanted
    authority = _authority(installation, found.get(installation.authority, {}), now)
    wanted[installation.authority] = dict(
        zip(_AUTHORITY, (authority.certificate, authority.key), strict=True)
    )
    for is_signed, secret, service in (
        (installation.signs_database, installation.database_certificate, installation.database),
        (installation.signs_api, installation.api_certificate, f"{installation.name}-api"),
    ):
        if is_signed:
            names = service_names(service, installation.namespace)
            pair = _certificate(secret, authority, names, found.get(secret, {}), now)
            content = dict(zip(_CERTIFICATE, (pair.certificate, pair.key), strict=True))
            wanted[secret] = {**content, _AUTHORITY[0]: authority.certificate}
    return wanted


def service_names(service: str, namespace: str) -> tuple[str, ...]:
    """The names by which pods reach a Service, the one that our addresses have first."""
    full = f"{service}.{namespace}.svc"
    return (full, service, f"{service}.{namespace}", f"{full}.cluster.local")


def _passwords(installation: Installation, found: Data) -> Data:
    made = {key: found.get(key) or secrets.token_urlsafe(_CHARACTERS) for key in PASSWORDS}
    at = f"{service_names(installation.database, installation.namespace)[0]}:5432/jvscheduler"
    options = f"sslmode=verify-full&sslrootcert={DATABASE_AUTHORITY_FILE}"
    owner, server, operator = (
        f"postgresql://jvscheduler_{role}:{made[f'{role}-password']}@{at}?{options}"
        for role in ("owner", "server", "operator")
    )
    addresses = {
        # The owner makes the tables and roles, before the server starts.
        "admin-url": owner,
        # The server's. It reads the history of all namespaces.
        "url": f"{server}&schema=jvscheduler",
        # The operator's. It may make the role of a namespace, and reads nothing.
        "operator-url": operator,
    }
    return {**found, **made, **addresses}


def _authority(installation: Installation, found: Data, now: datetime) -> Pair:
    pair = _pair(installation.authority, found, _AUTHORITY)
    if pair is None:
        return make_authority(f"jvscheduler {installation.namespace}", now)
    if end_of(pair.certificate) - now > RENEW_AUTHORITY:
        return pair
    return make_authority(f"jvscheduler {installation.namespace}", now, pair.key)


def _certificate(
    secret: str, authority: Pair, names: tuple[str, ...], found: Data, now: datetime
) -> Pair:
    pair = _pair(secret, found, _CERTIFICATE)
    if (
        pair is not None
        and end_of(pair.certificate) - now > RENEW
        and is_signed_by(pair.certificate, authority.certificate)
        and names_in(pair.certificate) >= set(names)
    ):
        return pair
    return sign(authority, names, now)


def _pair(secret: str, found: Data, keys: tuple[str, str]) -> Pair | None:
    """The pair in a Secret; None when it has none."""
    certificate, key = (found.get(name) for name in keys)
    if not certificate and not key:
        return None
    try:
        pair = Pair(certificate or "", key or "")
        check(pair)
    except ValueError as error:
        raise InvalidSettings(
            f"the Secret {secret} has no usable {keys[0]} and {keys[1]}: mend it, or delete it "
            "for new ones"
        ) from error
    return pair
