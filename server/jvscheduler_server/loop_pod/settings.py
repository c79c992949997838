"""The settings of a loop's container. The operator sets them as environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from jvscheduler import environment
from jvscheduler.errors import InvalidSettings
from jvscheduler.history.urls import absolute_url
from jvscheduler.logs.settings import LogSettings, read_log_settings
from jvscheduler_server.settings import KUBECONFIG


@dataclass(frozen=True)
class Settings:
    name: str
    namespace: str
    node_name: str | None
    database_url: str
    socket: Path
    """The worker's socket, in a folder that both containers mount."""
    spool: Path
    grace: timedelta
    """The pod's termination grace period."""
    kubeconfig: str | None
    """None: the pod's own service account."""


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises InvalidSettings, which names the variable."""
    return Settings(
        name=_required(environ, environment.LOOP_NAME),
        namespace=_required(environ, environment.NAMESPACE),
        node_name=environ.get(environment.NODE_NAME) or None,
        database_url=absolute_url(_required(environ, environment.DATABASE_URL)),
        socket=Path(_required(environ, environment.WORKER_SOCKET)),
        spool=Path(_required(environ, environment.SPOOL)),
        grace=_grace(environ),
        kubeconfig=environ.get(KUBECONFIG) or None,
    )


def read_log(environ: Mapping[str, str] = os.environ) -> LogSettings:
    """Raises InvalidSettings, which names the variable."""
    context = {
        "namespace": environ.get(environment.NAMESPACE),
        "loop": environ.get(environment.LOOP_NAME),
        "pod": environ.get(environment.POD_NAME),
    }
    return read_log_settings(environ, context=context)


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise InvalidSettings(f"{name} is not set; the operator sets it in a loop's pod")
    return value


def _grace(environ: Mapping[str, str]) -> timedelta:
    text = _required(environ, environment.GRACE_SECONDS)
    if not (text.isascii() and text.isdigit()):
        raise InvalidSettings(f"{environment.GRACE_SECONDS} must be whole seconds, got {text!r}")
    return timedelta(seconds=int(text))
