"""The history's address: one URL, the same in the environment, on the command line, in charts."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jvscheduler.errors import InvalidSettings

if TYPE_CHECKING:
    from jvscheduler.history.store import LoopStore


class Scheme(StrEnum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True)
class DatabaseUrl:
    """`path` is SQLite's file, relative to the working directory or absolute."""

    scheme: Scheme
    text: str
    path: str = ""

    @property
    def redacted(self) -> str:
        """For messages: without user and password."""
        if self.scheme is Scheme.SQLITE:
            return self.text
        parts = urlsplit(self.text)
        host = parts.netloc.rpartition("@")[2]
        return f"{self.scheme}://{host}{parts.path}"


def parse_url(text: str) -> DatabaseUrl:
    """Raises InvalidSettings, without repeating a password, for what is not supported."""
    scheme, separator, rest = text.partition("://")
    if separator and scheme == "sqlite":
        return DatabaseUrl(Scheme.SQLITE, text, _sqlite_path(rest))
    if separator and scheme in ("postgresql", "postgres") and rest:
        return DatabaseUrl(Scheme.POSTGRESQL, f"postgresql://{rest}")
    raise InvalidSettings(
        f"the database URL's scheme {scheme if separator else '(none)'!r} is not supported; "
        "use sqlite:///relative.db, sqlite:////absolute.db or "
        "postgresql://user:password@host:port/database"
    )


def open_store(url: str, *, connections: int = 5, create_indexes: bool = True) -> "LoopStore":
    """The store at this URL; nothing connects before its `open`.

    Indexes serve those who read, so those make them: a runner, which only
    writes its own row, leaves them and their cost alone.
    """
    from jvscheduler.history.databases import database  # noqa: PLC0415 - takes half a second
    from jvscheduler.history.jvspatial_store import CALL_SECONDS, JvspatialHistory  # noqa: PLC0415

    address = parse_url(url)
    made = database(address, connections=connections, timeout=CALL_SECONDS)
    return JvspatialHistory(made, address.redacted, create_indexes=create_indexes)


def _sqlite_path(rest: str) -> str:
    path = rest.removeprefix("/")
    if not rest.startswith("/") or not path or path.startswith(":"):
        raise InvalidSettings(
            "a SQLite URL names a file, since several processes share it: "
            "sqlite:///relative.db or sqlite:////absolute.db"
        )
    return path
