"""Settings of the history: where it is, and how long jobs are kept.

No other module reads the environment for them.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from jvscheduler import environment
from jvscheduler.errors import InvalidSettings
from jvscheduler.history.maintenance.retention import (
    DEFAULT_AGE,
    DEFAULT_KEPT,
    Retention,
    parse_age,
    parse_number,
)
from jvscheduler.history.urls import parse_url, url_forms

T = TypeVar("T")


def read_database_url(option: str | None, environ: Mapping[str, str] | None = None) -> str:
    """The URL of the command line, else of the environment.

    Raises InvalidSettings when there is none, and when the file of a SQLite URL does not exist:
    a command that reads a history would else create an empty one.
    """
    text = given_database_url(option, "--database URL", environ)
    url = parse_url(text)
    if url.path and not Path(url.path).is_file():
        raise InvalidSettings(f"{text}: there is no file {url.path}")
    return text


def given_database_url(
    option: str | None, name: str = "a URL", environ: Mapping[str, str] | None = None
) -> str:
    """The option, else the variable. Raises InvalidSettings, which says how to give a URL."""
    text = option or (os.environ if environ is None else environ).get(environment.DATABASE_URL)
    if not text:
        raise InvalidSettings(
            f"which history? Give {name} or set {environment.DATABASE_URL}, such as {url_forms()}"
        )
    return text


def read_retention(environ: Mapping[str, str] = os.environ) -> Retention:
    """The retention of the built-in task. Raises InvalidSettings that names the variable."""
    return Retention(
        _read(environ, environment.HISTORY_OLDER_THAN, parse_age, DEFAULT_AGE),
        _read(environ, environment.HISTORY_KEEP_LAST, parse_number, DEFAULT_KEPT),
    )


def _read(environ: Mapping[str, str], name: str, parse: Callable[[str], T], default: str) -> T:
    try:
        return parse(environ.get(name) or default)
    except InvalidSettings as error:
        raise InvalidSettings(f"{name}: {error}") from error
