"""An informer without an API server, whose lists a test gives."""

from typing import Any

from jvscheduler_server.backoff import Backoff
from jvscheduler_server.kubernetes.informer import Informer, Resource


def informer_of(resource: Resource[Any]) -> Informer[Any]:
    nobody: Any = None
    return Informer(nobody, resource, lambda: None, lambda _, __: None, Backoff(1, 1))
