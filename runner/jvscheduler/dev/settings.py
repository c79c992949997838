"""The settings of `dev`, from the command line and the environment.

No other module of `dev` reads `os.environ`.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from jvscheduler import environment
from jvscheduler.configuration.project import Selection
from jvscheduler.dev.log import wants_colours
from jvscheduler.history.urls import absolute_url, check_folder
from jvscheduler.loop.pod_values import PodValues, pod_values

DEFAULT_DATABASE: Final = "sqlite:///jvscheduler.db"


@dataclass(frozen=True)
class Settings:
    """`environ` is the environment that the processes of tasks inherit."""

    selection: Selection
    host: str
    port: int
    database_url: str
    import_seconds: float
    reload: bool
    coloured: bool
    environ: Mapping[str, str] = field(repr=False)
    values: PodValues
    """Those of Secrets and ConfigMaps."""


def read_settings(  # noqa: PLR0913 - each is an option of the command
    selection: Selection,
    *,
    host: str,
    port: int,
    database: str | None,
    import_seconds: float,
    reload: bool,
    secrets_file: str | None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """The database is that of the command line, else of the environment, else a file in the
    working folder. Raises InvalidSettings for an address or a file that is not valid."""
    url = database or environ.get(environment.DATABASE_URL) or DEFAULT_DATABASE
    check_folder(url)
    url = absolute_url(url)
    coloured = wants_colours(environ, is_terminal=sys.stderr.isatty())
    values = pod_values(secrets_file, environ)
    return Settings(
        selection, host, port, url, import_seconds, reload, coloured, dict(environ), values
    )
