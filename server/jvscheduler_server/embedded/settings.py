"""The scheduler's settings: from the server's options and from the environment."""

import os
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from jvscheduler import environment
from jvscheduler.errors import InvalidSchedule, InvalidSettings
from jvscheduler.history.urls import absolute_url
from jvscheduler.loop.pod_values import PodValues, pod_values
from jvscheduler.zones import zone

LONGEST_INTERVAL: Final = 60
"""Seconds. After a machine slept, a task may be due for this long before the clock is read."""


@dataclass(frozen=True)
class Settings:
    interval: float
    """Seconds after which the clock is read at the latest."""
    time_zone: str
    database_url: str
    environ: Mapping[str, str] = field(repr=False)
    """Environment of the tasks' processes. It may hold passwords, so `repr` leaves it out."""
    values: PodValues
    """Those of Secrets and ConfigMaps."""


def make_settings(interval: int, time_zone: str, database_url: str) -> Settings:
    """Check the options. Raises InvalidSettings, which names the server's option."""
    if not 1 <= interval <= LONGEST_INTERVAL:
        raise InvalidSettings(
            f"scheduler_interval must be 1 to {LONGEST_INTERVAL} seconds, got {interval!r}"
        )
    try:
        zone(time_zone)
    except InvalidSchedule as error:
        raise InvalidSettings(f"scheduler_timezone: {error}") from None
    path = os.pathsep.join(import_path())
    values = pod_values(None, os.environ)
    return Settings(interval, time_zone, database_url, {**os.environ, "PYTHONPATH": path}, values)


def database_url_of_environment() -> str | None:
    """Return an absolute URL: endpoints and tasks may change the directory later."""
    url = os.environ.get(environment.DATABASE_URL)
    return absolute_url(url) if url else None


def is_task_process() -> bool:
    """True in the process of an attempt, which imports the application for one task."""
    return environment.TASK_ID in os.environ


def import_path() -> list[str]:
    """Return the folders of `sys.path` that another Python would not search, as absolute paths.

    Without them a task's process could not import a module next to the script, or in the folder
    of uvicorn's `--app-dir`.
    """
    known = [Path(folder) for folder in sysconfig.get_paths().values()]
    paths = [Path(entry).absolute() for entry in sys.path]
    own = [path for path in paths if not any(path.is_relative_to(k) for k in known)]
    return list(dict.fromkeys(map(str, own)))
