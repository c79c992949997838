"""The Secret that gives the pods of a namespace the address of the history's database.

It also has the certificates by which they verify the database's own, where the installation has
them. Pods mount these as a file that the address names.
"""

import base64
from collections.abc import Collection, Iterable
from typing import Any

from jvscheduler import names
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.objects.shapes import METADATA, readable


def build(namespace: str, database_url: str, authority: str | None = None) -> dict[str, Any]:
    values = {names.DATABASE_SECRET_KEY: database_url}
    if authority is not None:
        values[names.DATABASE_AUTHORITY_KEY] = authority
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": names.DATABASE_SECRET, "namespace": namespace},
        "data": {k: base64.b64encode(v.encode()).decode() for k, v in values.items()},
    }


def namespaces_of(secrets: Iterable[Manifest]) -> Collection[str]:
    """The namespaces of Secrets, of which only the metadata was asked for."""
    return {secret["metadata"]["namespace"] for secret in readable(secrets, METADATA)}
