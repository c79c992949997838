"""URLs of PostgreSQL: `postgresql://user:password@host:5432/database`.

Two options are ours, and are not sent to the server:

- `?statement_cache_size=0`: the connections use no prepared statements. A pooler in transaction
  mode needs that, because the next transaction may be on another connection.
- `?schema=ns_shop`: the schema of the history's tables. `?schema=jvscheduler` is that of the
  server, whose tables hold the rows of all namespaces.
"""

import re
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
_SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
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
    # The driver refuses another one at each call. It would be taken for an outage, for ever.
    if any(name == "sslmode" and value not in _SSL_MODES for name, value in options):
        raise InvalidSettings(f"sslmode in the database URL may be {', '.join(_SSL_MODES)}")
    return DatabaseUrl(
        "postgresql",
        f"postgresql://{rest}",
        holds_namespaces=dict(options).get(SCHEMA_OPTION) == SERVER_SCHEMA,
    )


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
