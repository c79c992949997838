"""What the scheduler of a server is told: by the server's options and by the environment."""

import os
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from jvscheduler import environment
from jvscheduler.errors import InvalidSchedule, InvalidSettings
from jvscheduler.zones import zone

LONGEST_INTERVAL: Final = 60


@dataclass(frozen=True)
class Settings:
    """`environ` is what the tasks' processes inherit."""

    interval: int
    time_zone: str
    database_url: str
    environ: Mapping[str, str] = field(repr=False)


def make_settings(interval: int, time_zone: str, database_url: str) -> Settings:
    """Raises InvalidSettings, which names the option of the server."""
    if not 1 <= interval <= LONGEST_INTERVAL:
        raise InvalidSettings(
            f"scheduler_interval must be 1 to {LONGEST_INTERVAL} seconds, got {interval!r}"
        )
    try:
        zone(time_zone)
    except InvalidSchedule as error:
        raise InvalidSettings(f"scheduler_timezone: {error}") from None
    path = os.pathsep.join(import_path())
    return Settings(interval, time_zone, database_url, {**os.environ, "PYTHONPATH": path})


def given_database_url() -> str | None:
    return os.environ.get(environment.DATABASE_URL) or None


def import_path() -> list[str]:
    """Where this process finds modules and another Python would not, made absolute.

    A script's folder is such a place, uvicorn's `--app-dir` another.
    """
    known = [Path(folder) for folder in sysconfig.get_paths().values()]
    paths = [Path(entry).absolute() for entry in sys.path]
    own = [path for path in paths if not any(path.is_relative_to(k) for k in known)]
    return list(dict.fromkeys(map(str, own)))
