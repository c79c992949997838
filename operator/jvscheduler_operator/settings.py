"""What may be told to the operator from outside; the only module that reads the environment.

Few things on purpose: what a rule decides has no knob.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from jvscheduler import environment
from jvscheduler.errors import InvalidSettings
from jvscheduler.version import __version__
from jvscheduler_operator.pod_templates.loops import LoopImage

LIVENESS_ENDPOINT: Final = "JVSCHEDULER_LIVENESS_ENDPOINT"
"""Where `GET` answers 200 while the operator lives; unset: `http://0.0.0.0:8080/healthz`."""

LOOP_IMAGE: Final = "JVSCHEDULER_LOOP_IMAGE"
"""The image of loops, which is the server's; unset: that of this version."""

LOOP_IMAGE_PULL_POLICY: Final = "JVSCHEDULER_LOOP_IMAGE_PULL_POLICY"
"""As a container's `imagePullPolicy`; unset: `IfNotPresent`."""

KUBECONFIG: Final = "KUBECONFIG"
"""As everywhere; unset: `~/.kube/config` if it is there, else the pod's service account."""

_DEFAULT_ENDPOINT: Final = "http://0.0.0.0:8080/healthz"
_DEFAULT_IMAGE: Final = f"jvscheduler/server:{__version__}"


@dataclass(frozen=True)
class Settings:
    """`database_url` goes into a Secret of each namespace with tasks; None: none is written."""

    kubeconfig: str | None
    database_url: str | None
    liveness_endpoint: str
    instance: str
    """This process, as Events name it."""
    loop_image: LoopImage = field(default_factory=lambda: LoopImage(_DEFAULT_IMAGE))


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises InvalidSettings for a liveness endpoint that is no http URL with a path."""
    endpoint = environ.get(LIVENESS_ENDPOINT) or _DEFAULT_ENDPOINT
    parts = urlsplit(endpoint)
    if parts.scheme != "http" or not parts.path:
        raise InvalidSettings(
            f"{LIVENESS_ENDPOINT} must look like {_DEFAULT_ENDPOINT}, got {endpoint!r}"
        )
    return Settings(
        kubeconfig=environ.get(KUBECONFIG) or None,
        database_url=environ.get(environment.DATABASE_URL) or None,
        liveness_endpoint=endpoint,
        instance=socket.gethostname(),
        loop_image=LoopImage(
            environ.get(LOOP_IMAGE) or _DEFAULT_IMAGE,
            environ.get(LOOP_IMAGE_PULL_POLICY) or "IfNotPresent",
        ),
    )
