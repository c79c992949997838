"""The history's address: one URL, the same in the environment, on the command line, in charts."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jvscheduler.errors import InvalidSettings

if TYPE_CHECKING:
    from jvscheduler.history.store import LoopStore


class Scheme(StrEnum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"
    MONGODB = "mongodb"


@dataclass(frozen=True)
class DatabaseUrl:
    """`path` is SQLite's file, relative to the working directory or absolute; `database`
    the name of MongoDB's."""

    scheme: Scheme
    text: str
    path: str = ""
    database: str = ""

    @property
    def place(self) -> str:
        """The same for two URLs of one database: how SQLite's names the file does not matter."""
        return str(Path(self.path).resolve()) if self.scheme is Scheme.SQLITE else self.text

    @property
    def redacted(self) -> str:
        """For messages: without user and password."""
        if self.scheme is Scheme.SQLITE:
            return self.text
        parts = urlsplit(self.text)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{parts.path}"


def parse_url(text: str) -> DatabaseUrl:
    """Raises InvalidSettings, without repeating a password, for what is not supported."""
    scheme, separator, rest = text.partition("://")
    if separator and scheme == "sqlite":
        return DatabaseUrl(Scheme.SQLITE, text, _sqlite_path(rest))
    if separator and scheme in ("postgresql", "postgres") and rest:
        return DatabaseUrl(Scheme.POSTGRESQL, f"postgresql://{rest}")
    if separator and scheme in ("mongodb", "mongodb+srv"):
        return DatabaseUrl(Scheme.MONGODB, text, database=_mongo_database(text))
    raise InvalidSettings(
        f"the database URL's scheme {scheme if separator else '(none)'!r} is not supported; "
        "use sqlite:///relative.db, sqlite:////absolute.db, "
        "postgresql://user:password@host:port/database or mongodb://user:password@host/database"
    )


def open_store(url: str, *, connections: int = 5, create_indexes: bool = True) -> "LoopStore":
    """The store at this URL; nothing connects before its `open`.

    Indexes serve those who read, so those make them: a runner, which only
    writes its own row, leaves them and their cost alone.
    """
    from jvscheduler.history.backends.databases import database  # noqa: PLC0415 - takes half a second
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


def _mongo_database(text: str) -> str:
    parts = urlsplit(text)
    name = parts.path.removeprefix("/")
    if not parts.netloc or not re.fullmatch(r"[\w-]{1,63}", name, re.ASCII):
        raise InvalidSettings(
            "a MongoDB URL names servers and a database of letters, digits, '_' and '-': "
            "mongodb://user:password@host:27017/database; where users are in another one, "
            "add ?authSource=admin"
        )
    return name
