"""Where the history is, for commands on it; the environment is read nowhere else for them."""

import os
from collections.abc import Mapping
from pathlib import Path

from jvscheduler import environment
from jvscheduler.errors import InvalidSettings
from jvscheduler.history.urls import Scheme, parse_url


def read_database_url(option: str | None, environ: Mapping[str, str] | None = None) -> str:
    """The URL of the command line, else of the environment. A SQLite file must be there."""
    text = option or (os.environ if environ is None else environ).get(environment.DATABASE_URL)
    if not text:
        raise InvalidSettings(
            f"which history? Give --database URL or set {environment.DATABASE_URL}, "
            "such as sqlite:///jvscheduler.db, postgresql://user:password@host/database "
            "or mongodb://user:password@host/database"
        )
    url = parse_url(text)
    if url.scheme is Scheme.SQLITE and not Path(url.path).is_file():
        raise InvalidSettings(f"{text}: there is no file {url.path}")
    return text
