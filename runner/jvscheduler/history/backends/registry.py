"""The databases that can hold a history. To add one: write its folder, and add its entry here.

A backend's folder has two modules that this one imports by name: `url` parses a URL and
imports no driver, `backend` holds the `BACKEND` value. Each is imported when it is first
used, so that reading a URL stays cheap and an unused driver is never loaded.
"""

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jvscheduler.history.backends.limits import IDLE_SECONDS, PATIENCE_SECONDS, Limits
from jvscheduler.history.backends.url import DatabaseUrl

if TYPE_CHECKING:
    from jvscheduler.history.backends.backend import Backend
    from jvscheduler.history.backends.database import HistoryDatabase


@dataclass(frozen=True)
class BackendEntry:
    name: str
    """The backend's folder next to this module."""
    schemes: tuple[str, ...]
    """The schemes of its URLs."""
    examples: tuple[str, ...]
    """URLs that messages show to users."""
    server_options: str
    """jvspatial's options of a server on such a database, as messages show them."""
    database_class: str
    """jvspatial's class for its databases, by name: comparing names loads no driver."""

    def parse(self, text: str) -> DatabaseUrl | None:
        """None, or InvalidSettings that shows a valid form, when the URL is not complete."""
        module = importlib.import_module(f"{__package__}.{self.name}.url")
        url: DatabaseUrl | None = module.parse(text)
        return url

    def load(self) -> "Backend":
        backend: Backend = importlib.import_module(f"{__package__}.{self.name}.backend").BACKEND
        return backend

    def is_of(self, database: Any) -> bool:
        """True when the database object is one of jvspatial's databases of this kind."""
        names = (f"{cls.__module__}.{cls.__qualname__}" for cls in type(database).__mro__)
        return self.database_class in names


BACKENDS: Final = (
    BackendEntry(
        name="sqlite",
        schemes=("sqlite",),
        examples=("sqlite:///relative.db", "sqlite:////absolute.db"),
        server_options="db_type='sqlite' with a db_path",
        database_class="jvspatial.db.sqlite.SQLiteDB",
    ),
    BackendEntry(
        name="postgresql",
        schemes=("postgresql", "postgres"),
        examples=("postgresql://user:password@host:5432/database",),
        server_options="db_type='postgres'",
        database_class="jvspatial.db.postgres.PostgresDB",
    ),
    BackendEntry(
        name="mongodb",
        schemes=("mongodb", "mongodb+srv"),
        examples=("mongodb://user:password@host/database",),
        server_options="db_type='mongodb'",
        database_class="jvspatial.db.mongodb.MongoDB",
    ),
)

EXAMPLES: Final = tuple(example for entry in BACKENDS for example in entry.examples)


def entry_for(scheme: str) -> BackendEntry | None:
    return next((entry for entry in BACKENDS if scheme in entry.schemes), None)


def open_database(
    url: DatabaseUrl,
    *,
    connections: int,
    timeout: float,
    patience: float = PATIENCE_SECONDS,
    idle: float = IDLE_SECONDS,
) -> "HistoryDatabase":
    """The database at this URL, with these `Limits`. It connects when it is first used."""
    entry = next(entry for entry in BACKENDS if entry.name == url.backend)
    return entry.load().open(url, Limits(connections, timeout, patience, idle))


def entry_of(database: Any) -> BackendEntry | None:
    """The entry of a jvspatial database object."""
    return next((entry for entry in BACKENDS if entry.is_of(database)), None)


def backend_of(database: Any) -> "Backend":
    """The backend of a jvspatial database object; the generic one when it has no entry."""
    entry = entry_of(database)
    if entry is not None:
        return entry.load()
    from jvscheduler.history.backends.generic.backend import BACKEND  # noqa: PLC0415 - jvspatial

    return BACKEND


def innermost(database: Any) -> Any:
    """The database itself, where jvspatial has wrapped it to cache its answers or to observe it."""
    while hasattr(database, "inner"):
        database = database.inner
    return database


def load_all() -> None:
    for entry in BACKENDS:
        entry.load()
