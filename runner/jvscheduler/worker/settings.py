"""The worker's settings. In this package, only this module reads `os.environ`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jvscheduler import environment
from jvscheduler.errors import InvalidSettings
from jvscheduler.history.urls import absolute_url
from jvscheduler.logs.settings import LogSettings, read_log_settings

DEFAULT_SOCKET: Final = Path("/run/jvscheduler/worker.sock")
DEFAULT_GRACE_SECONDS: Final = 30
"""From SIGTERM to SIGKILL, as Kubernetes has it unless a pod says otherwise."""


@dataclass(frozen=True)
class Settings:
    socket: Path
    database_url: str | None
    """For attempts whose own environment names no database."""
    grace_seconds: int
    log: LogSettings


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises InvalidSettings, which names the variable."""
    url = environ.get(environment.DATABASE_URL)
    return Settings(
        socket=Path(environ.get(environment.WORKER_SOCKET) or DEFAULT_SOCKET),
        database_url=absolute_url(url) if url else None,
        grace_seconds=_grace(environ.get(environment.GRACE_SECONDS) or str(DEFAULT_GRACE_SECONDS)),
        log=read_log_settings(environ, context=_context(environ)),
    )


def _context(environ: Mapping[str, str]) -> Mapping[str, str | None]:
    return {
        "namespace": environ.get(environment.NAMESPACE),
        "pod": environ.get(environment.POD_NAME),
    }


def _grace(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise InvalidSettings(
            f"{environment.GRACE_SECONDS} must be a whole number of seconds; got {text!r}"
        )
    return int(text)
