"""URLs of PostgreSQL: `postgresql://user:password@host:port/database`."""

from jvscheduler.history.backends.url import DatabaseUrl


def parse(text: str) -> DatabaseUrl | None:
    """None without a server. `postgres://`, which some tools write, becomes `postgresql://`."""
    rest = text.partition("://")[2]
    return DatabaseUrl("postgresql", f"postgresql://{rest}") if rest else None
