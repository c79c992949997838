"""URLs of PostgreSQL: `postgresql://user:password@host:5432/database`.

`?statement_cache_size=0` is ours: the connections use no prepared statements. A pooler in
transaction mode needs that, because the next transaction may be on another connection.
"""

from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.backends.url import DatabaseUrl, split_server_url

OPTION: Final = "statement_cache_size"
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
    # The driver refuses another one at each call. It would be taken for an outage, for ever.
    if any(name == "sslmode" and value not in _SSL_MODES for name, value in options):
        raise InvalidSettings(f"sslmode in the database URL may be {', '.join(_SSL_MODES)}")
    return DatabaseUrl("postgresql", f"postgresql://{rest}")


def prepares_statements(url: str) -> bool:
    return OPTION not in dict(parse_qsl(urlsplit(url).query))


def without_option(url: str) -> str:
    """The URL for the driver, which would send an option that it does not know to the server."""
    parts = urlsplit(url)
    options = parse_qsl(parts.query, keep_blank_values=True)
    if prepares_statements(url):
        return url
    kept = urlencode([(name, value) for name, value in options if name != OPTION])
    return parts._replace(query=kept).geturl()


def without_statements(url: str) -> str:
    """The URL with the option."""
    if not prepares_statements(url):
        return url
    parts = urlsplit(url)
    return parts._replace(query="&".join(filter(None, (parts.query, NO_STATEMENTS)))).geturl()
