"""The Secret that gives the pods of a namespace the address of the history's database."""

import base64
from collections.abc import Collection, Iterable
from typing import Any

from jvscheduler import names
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.objects.shapes import METADATA, readable


def build(namespace: str, database_url: str) -> dict[str, Any]:
    value = base64.b64encode(database_url.encode()).decode()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": names.DATABASE_SECRET, "namespace": namespace},
        "data": {names.DATABASE_SECRET_KEY: value},
    }


def namespaces_of(secrets: Iterable[Manifest]) -> Collection[str]:
    """The namespaces of Secrets, of which only the metadata was asked for."""
    return {secret["metadata"]["namespace"] for secret in readable(secrets, METADATA)}
