"""URLs of PostgreSQL: `postgresql://user:password@host:5432/database`.

Two options are ours, and are not sent to the server:

- `?statement_cache_size=0`: the connections use no prepared statements. A pooler in transaction
  mode needs that, because the next transaction may be on another connection.
- `?schema=ns_shop`: the schema of the history's tables. `?schema=jvscheduler` is that of the
  server, whose tables hold the rows of all namespaces.

The options of TLS are the driver's own. One that it would ignore, or send to the server, is
refused here: whoever set it believes that the connection is safer than it is.
"""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.backends.url import DatabaseUrl, split_server_url

OPTION: Final = "statement_cache_size"
SCHEMA_OPTION: Final = "schema"
PLAIN_SCHEMA: Final = "public"
SERVER_SCHEMA: Final = "jvscheduler"
"""The schema whose tables have a partition for each namespace."""
_SCHEMA: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)
_TLS_VERSIONS: Final = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "ssl_min_protocol_version": _TLS_VERSIONS,
    "ssl_max_protocol_version": _TLS_VERSIONS,
}
"""What the driver refuses at each call. It would be taken for an outage, for ever."""
AUTHORITY_OPTION: Final = "sslrootcert"
_FILES: Final = (AUTHORITY_OPTION, "sslcrl", "sslcert", "sslkey")
_OF_TLS: Final = (*_VALUES, *_FILES, "sslpassword")
_VERIFYING: Final = ("require", "verify-ca", "verify-full")
_VERIFYING_OPTIONS: Final = (AUTHORITY_OPTION, "sslcrl")
"""The driver looks at these only with those values of sslmode."""
_OF_OTHER_DRIVERS: Final = re.compile(r"ssl.*|channel_binding|gssencmode|require_auth|requiressl")
NO_STATEMENTS: Final = f"{OPTION}=0"


def parse(text: str) -> DatabaseUrl | None:
    """None without a server. `postgres://`, which some tools write, becomes `postgresql://`."""
    rest = text.partition("://")[2]
    if not rest:
        return None
    options = parse_qsl(split_server_url(text).query, keep_blank_values=True)
    if any(name == OPTION and value != "0" for name, value in options):
        raise InvalidSettings(
            f"{OPTION} in the database URL may only be 0, for a pooler in transaction mode; "
            "otherwise leave it out"
        )
    if any(name == SCHEMA_OPTION and not _SCHEMA.fullmatch(value) for name, value in options):
        raise InvalidSettings(
            f"{SCHEMA_OPTION} in the database URL is a name of small letters, digits and _, such "
            "as ns_shop"
        )
    _check_tls(dict(options))
    return DatabaseUrl(
        "postgresql",
        f"postgresql://{rest}",
        holds_namespaces=dict(options).get(SCHEMA_OPTION) == SERVER_SCHEMA,
    )


def _check_tls(options: Mapping[str, str]) -> None:
    """Raise InvalidSettings for an option of TLS that would fail, or have no effect."""
    for name, value in options.items():
        problem = _wrong_value(name, value) or _without_effect(name, options)
        if problem:
            raise InvalidSettings(f"{name} in the database URL {problem}")


def _wrong_value(name: str, value: str) -> str | None:
    if name in _VALUES and value not in _VALUES[name]:
        return f"may be {', '.join(_VALUES[name])}, got {value!r}"
    if name in _FILES and not PurePosixPath(value).is_absolute():
        return f"is the absolute path of a file, got {value!r}"
    if name not in _OF_TLS and _OF_OTHER_DRIVERS.fullmatch(name):
        return f"is no option here: leave it out, or use one of {', '.join(_OF_TLS)}"
    return None


def _without_effect(name: str, options: Mapping[str, str]) -> str | None:
    mode = options.get("sslmode", "prefer")
    if name in _VERIFYING_OPTIONS and mode not in _VERIFYING:
        return f"has no effect with sslmode={mode}, which verifies nothing: set sslmode=verify-full"
    if name in ("sslkey", "sslpassword") and "sslcert" not in options:
        return "has no effect without sslcert"
    if name in _OF_TLS and name != "sslmode" and mode == "disable":
        return "has no effect with sslmode=disable"
    return None


def authority_file(url: str) -> str | None:
    """The file with the certificates by which the server's is verified."""
    return dict(parse_qsl(urlsplit(url).query)).get(AUTHORITY_OPTION)


def prepares_statements(url: str) -> bool:
    return OPTION not in dict(parse_qsl(urlsplit(url).query))


def schema_of(url: str) -> str:
    return dict(parse_qsl(urlsplit(url).query)).get(SCHEMA_OPTION, PLAIN_SCHEMA)


def driver_url(url: str) -> str:
    """The URL for the driver, which would send an option that it does not know to the server."""
    parts = urlsplit(url)
    options = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in options if name not in (OPTION, SCHEMA_OPTION)]
    return url if kept == options else parts._replace(query=urlencode(kept)).geturl()


def without_statements(url: str) -> str:
    """The URL with the option."""
    return _with(url, NO_STATEMENTS) if prepares_statements(url) else url


def with_schema(url: str, schema: str) -> str:
    """The URL with the option, where jvspatial's own database has another schema than its URL."""
    return url if schema_of(url) == schema else _with(url, f"{SCHEMA_OPTION}={schema}")


def _with(url: str, option: str) -> str:
    parts = urlsplit(url)
    return parts._replace(query="&".join(filter(None, (parts.query, option)))).geturl()
