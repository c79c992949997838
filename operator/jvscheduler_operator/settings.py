"""The operator's settings. No other module reads the environment.

There are few on purpose: what a rule can decide is no setting.
"""

import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jvscheduler import environment
from jvscheduler.errors import InvalidSettings
from jvscheduler.version import __version__
from jvscheduler_operator.database.isolation import MIN_KEY_LENGTH, Isolation
from jvscheduler_operator.objects import secrets
from jvscheduler_operator.pod_templates.loops import DEFAULT_RESOURCES, LoopContainer
from jvscheduler_operator.template_policy.policy import DEFAULT_POLICY, Level, TemplatePolicy

LIVENESS_ENDPOINT: Final = "JVSCHEDULER_LIVENESS_ENDPOINT"
"""URL that answers `GET` with 200 while the operator runs. Default:
`http://0.0.0.0:8080/healthz`."""

LOOP_IMAGE: Final = "JVSCHEDULER_LOOP_IMAGE"
"""The image of the container `loop`. Default: the server's image of this version."""

LOOP_IMAGE_PULL_POLICY: Final = "JVSCHEDULER_LOOP_IMAGE_PULL_POLICY"
"""The `imagePullPolicy` of the container `loop`. Default: `IfNotPresent`."""

LOOP_PULL_SECRETS: Final = "JVSCHEDULER_LOOP_PULL_SECRETS"
"""Names of pull secrets for the image of the container `loop`, with commas between. They are
expected in the namespace of each loop. Default: none."""

LOOP_RESOURCES: Final = "JVSCHEDULER_LOOP_RESOURCES"
"""The `resources` of the container `loop`, as JSON. Default: requests and a limit of memory."""

POD_TEMPLATES: Final = "JVSCHEDULER_POD_TEMPLATES"
"""What `spec.template` may say: `restricted`, `baseline` or `any`. Default: `restricted`."""

ALLOWED_SERVICE_ACCOUNTS: Final = "JVSCHEDULER_ALLOWED_SERVICE_ACCOUNTS"
"""The service accounts that a template may name, with commas between: each a name, or
`namespace/name`. Default: none."""

OPERATOR_DATABASE_URL: Final = environment.OPERATOR_DATABASE_URL
PASSWORD_KEY: Final = "JVSCHEDULER_NAMESPACE_PASSWORD_KEY"  # noqa: S105 - a name, not a key
"""From this key and its name follows each namespace's password in the database: at least 32
characters. With another key all of them have other passwords."""

DATABASE_AUTHORITY: Final = "JVSCHEDULER_DATABASE_AUTHORITY"
"""A file with the certificates of who signed the database's. They are read at the start, and put
into each namespace's Secret. Default: none."""

WATCH_NAMESPACES: Final = "JVSCHEDULER_WATCH_NAMESPACES"
"""The namespaces whose tasks it serves, with commas between. Default: all. The server reads it
too."""

KUBECONFIG: Final = "KUBECONFIG"
"""Default: `~/.kube/config` if it exists, else the pod's service account."""

_LOG_VARIABLES: Final = (environment.LOG_FORMAT, environment.LOG_LEVEL)
_DEFAULT_ENDPOINT: Final = "http://0.0.0.0:8080/healthz"
_DEFAULT_IMAGE: Final = f"jvscheduler/server:{__version__}"


@dataclass(frozen=True)
class Settings:
    kubeconfig: str | None
    database_url: str | None
    """The address for every namespace, where none has a role of its own."""
    liveness_endpoint: str
    instance: str
    """This process, as Events name it."""
    loop_container: LoopContainer = field(default_factory=lambda: LoopContainer(_DEFAULT_IMAGE))
    template_policy: TemplatePolicy = DEFAULT_POLICY
    isolation: Isolation | None = None
    """Gives each namespace a role of its own in the database. It wins over `database_url`."""
    namespaces: Sequence[str] = ()
    """The namespaces to watch; none stands for all."""
    log: Mapping[str, str] = field(default_factory=dict)
    """The variables that say how the pods of tasks and loops log: as this process does."""
    database_authority: str | None = None
    """The certificates by which the pods of tasks verify the database's."""

    def database_url_of(self, namespace: str) -> str | None:
        """The address that the namespace's Secret has; None when there is no Secret."""
        return self.isolation.url_of(namespace) if self.isolation else self.database_url

    def database_secret_of(self, namespace: str) -> Mapping[str, Any] | None:
        """Written into each namespace that has tasks."""
        url = self.database_url_of(namespace)
        return None if url is None else secrets.build(namespace, url, self.database_authority)

    def loop_container_of(self, namespace: str) -> LoopContainer:
        """The settings of the container `loop` in this namespace."""
        if self.isolation is None:
            return self.loop_container
        return replace(self.loop_container, database=self.isolation.digest_of(namespace))


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises InvalidSettings, which names the variable and the fix."""
    endpoint = environ.get(LIVENESS_ENDPOINT) or _DEFAULT_ENDPOINT
    parts = urlsplit(endpoint)
    if parts.scheme != "http" or not parts.path:
        raise InvalidSettings(
            f"{LIVENESS_ENDPOINT} must look like {_DEFAULT_ENDPOINT}, got {endpoint!r}"
        )
    log = {name: environ[name] for name in _LOG_VARIABLES if environ.get(name)}
    return Settings(
        kubeconfig=environ.get(KUBECONFIG) or None,
        database_url=environ.get(environment.DATABASE_URL) or None,
        liveness_endpoint=endpoint,
        instance=socket.gethostname(),
        loop_container=LoopContainer(
            environ.get(LOOP_IMAGE) or _DEFAULT_IMAGE,
            environ.get(LOOP_IMAGE_PULL_POLICY) or "IfNotPresent",
            _resources(environ.get(LOOP_RESOURCES)),
            _names(environ.get(LOOP_PULL_SECRETS)),
            log=log,
        ),
        log=log,
        template_policy=TemplatePolicy(
            _level(environ.get(POD_TEMPLATES) or Level.RESTRICTED),
            frozenset(_names(environ.get(ALLOWED_SERVICE_ACCOUNTS))),
        ),
        isolation=_isolation(environ.get(OPERATOR_DATABASE_URL), environ.get(PASSWORD_KEY)),
        namespaces=_names(environ.get(WATCH_NAMESPACES)),
        database_authority=_authority(environ.get(DATABASE_AUTHORITY)),
    )


def _names(text: str | None) -> list[str]:
    return [name for name in (text or "").split(",") if name]


def _level(text: str) -> Level:
    if text not in list(Level):
        raise InvalidSettings(f"{POD_TEMPLATES} must be one of {', '.join(Level)}, got {text!r}")
    return Level(text)


def _isolation(url: str | None, key: str | None) -> Isolation | None:
    """No message has a part of the URL or of the key."""
    if not url and not key:
        return None
    if not url or not key:
        raise InvalidSettings(f"{OPERATOR_DATABASE_URL} and {PASSWORD_KEY} must be set together")
    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise InvalidSettings(f"{OPERATOR_DATABASE_URL} must begin with postgresql://")
    if len(key) < MIN_KEY_LENGTH:
        raise InvalidSettings(f"{PASSWORD_KEY} must have at least {MIN_KEY_LENGTH} characters")
    return Isolation(url.strip(), key)


def _authority(path: str | None) -> str | None:
    if not path:
        return None
    try:
        text = Path(path).read_text()
    except (OSError, ValueError) as error:
        raise InvalidSettings(f"{DATABASE_AUTHORITY}: {path} cannot be read: {error}") from error
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise InvalidSettings(f"{DATABASE_AUTHORITY}: {path} has no certificate in PEM")
    return text


def _resources(text: str | None) -> Mapping[str, Any]:
    if not text:
        return DEFAULT_RESOURCES
    example = json.dumps(DEFAULT_RESOURCES)
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidSettings(f"{LOOP_RESOURCES} must be JSON such as {example}") from error
    if not isinstance(found, dict) or not all(_are_quantities(v) for v in found.values()):
        raise InvalidSettings(f"{LOOP_RESOURCES} must look like {example}, got {text!r}")
    return found


def _are_quantities(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(v, str | int | float) for v in value.values())
