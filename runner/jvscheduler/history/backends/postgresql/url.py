"""URLs of PostgreSQL: `postgresql://user:password@host:5432/database`."""

from jvscheduler.history.backends.url import DatabaseUrl, split_server_url


def parse(text: str) -> DatabaseUrl | None:
    """None without a server. `postgres://`, which some tools write, becomes `postgresql://`."""
    rest = text.partition("://")[2]
    if not rest:
        return None
    split_server_url(text)
    return DatabaseUrl("postgresql", f"postgresql://{rest}")
