"""The server's settings: from the environment, or from options, which win."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jvscheduler import environment
from jvscheduler.errors import InvalidSettings
from jvscheduler.logs.settings import LEVELS, LogSettings, read_log_settings
from jvscheduler_server.access.settings import AccessSettings, read_access_settings

HOST: Final = "JVSCHEDULER_LISTEN_HOST"
PORT: Final = "JVSCHEDULER_LISTEN_PORT"
"""Not `JVSCHEDULER_PORT`: Kubernetes sets that for a Service with the name `jvscheduler`."""

AGGREGATION_PORT: Final = "JVSCHEDULER_AGGREGATION_PORT"
AGGREGATION_CERTIFICATE: Final = "JVSCHEDULER_AGGREGATION_CERTIFICATE"
WATCH_NAMESPACES: Final = "JVSCHEDULER_WATCH_NAMESPACES"
KUBECONFIG: Final = "KUBECONFIG"


@dataclass(frozen=True)
class ListenerSettings:
    """Where the API server calls, and how it verifies this server."""

    host: str
    port: int
    certificate: Path
    """The folder with `tls.crt`, `tls.key` and `ca.crt`."""


@dataclass(frozen=True)
class Settings:
    database_url: str
    host: str
    port: int
    kubeconfig: str | None
    """None: the cluster that this process runs in."""
    access: AccessSettings
    aggregation: ListenerSettings | None
    """None: the API server does not call."""
    namespaces: Sequence[str] = ()
    """The namespaces to watch; none stands for all."""


def read_settings(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises InvalidSettings, which names the setting and the fix."""
    options = _parser().parse_args(arguments)
    database_url = options.database or environ.get(environment.DATABASE_URL)
    if not database_url:
        raise InvalidSettings(
            f"the history's database is not given: set {environment.DATABASE_URL} or --database, "
            "such as postgresql://user:password@host:5432/jvscheduler"
        )
    host = options.host or environ.get(HOST) or "0.0.0.0"  # noqa: S104 - a container's port
    return Settings(
        database_url=database_url,
        host=host,
        port=_port(options.port or environ.get(PORT) or "8080"),
        kubeconfig=options.kubeconfig or environ.get(KUBECONFIG),
        access=read_access_settings(environ),
        aggregation=_aggregation(host, environ),
        namespaces=tuple(n for n in environ.get(WATCH_NAMESPACES, "").split(",") if n),
    )


def read_log(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> LogSettings:
    """Raises InvalidSettings, which names the variable."""
    return read_log_settings(environ, level=_parser().parse_args(arguments).log_level)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m jvscheduler_server",
        description="Serve the monitoring API of a cluster and keep its history true.",
    )
    parser.add_argument(
        "--database", metavar="URL", help=f"the history; or {environment.DATABASE_URL}"
    )
    parser.add_argument("--host", help=f"address to listen on; or {HOST}; default: all")
    parser.add_argument("--port", help=f"port to listen on; or {PORT}; default: 8080")
    parser.add_argument(
        "--kubeconfig", metavar="FILE", help=f"or {KUBECONFIG}; default: the cluster this runs in"
    )
    parser.add_argument("--log-level", help=f"or {environment.LOG_LEVEL}: {', '.join(LEVELS)}")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise InvalidSettings(f"the port {text!r} ({PORT} or --port) must be 1 to 65535")
    return int(text)


def _aggregation(host: str, environ: Mapping[str, str]) -> ListenerSettings | None:
    text, folder = environ.get(AGGREGATION_PORT), environ.get(AGGREGATION_CERTIFICATE)
    if not text and not folder:
        return None
    if not text or not folder:
        raise InvalidSettings(
            f"{AGGREGATION_PORT} and {AGGREGATION_CERTIFICATE} must be set together"
        )
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise InvalidSettings(f"the port {text!r} ({AGGREGATION_PORT}) must be 1 to 65535")
    return ListenerSettings(host, int(text), Path(folder))
