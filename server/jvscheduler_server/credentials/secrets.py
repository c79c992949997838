"""Reads and writes the Secrets of an installation. A write fails when somebody was faster."""

import base64
from collections.abc import Mapping
from typing import Any, Final

from jvscheduler.errors import InvalidSettings
from jvscheduler_server.credentials.decide import Data
from jvscheduler_server.kubernetes.connection import KubernetesApi

MANAGER: Final = "jvscheduler-credentials"
KEPT: Final[Mapping[str, str]] = {"helm.sh/resource-policy": "keep"}
"""An earlier version of the chart made some of these Secrets. Helm deletes what a chart no longer
has, unless it has this annotation."""


class Secrets:
    """The Secrets of one namespace."""

    def __init__(self, api: KubernetesApi, namespace: str, labels: Mapping[str, str]) -> None:
        self._api = api
        self._path = f"/api/v1/namespaces/{namespace}/secrets"
        self._labels = labels
        self._versions: dict[str, str] = {}

    async def read(self, name: str) -> Data:
        """Return what the Secret holds; nothing when there is none."""
        found = await self._api.read_object(f"{self._path}/{name}")
        if found is None:
            return {}
        self._versions[name] = found["metadata"]["resourceVersion"]
        try:
            return {k: base64.b64decode(v).decode() for k, v in (found.get("data") or {}).items()}
        except ValueError as error:
            raise InvalidSettings(f"the Secret {name} holds something that is no text") from error

    async def write(self, name: str, data: Data) -> None:
        """Create the Secret, or change it if it is as it was read."""
        metadata: dict[str, Any] = {"name": name, "annotations": KEPT}
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata,
            "data": {k: base64.b64encode(v.encode()).decode() for k, v in data.items()},
        }
        version = self._versions.get(name)
        if version is None:
            metadata["labels"] = self._labels
            await self._api.create_object(self._path, body, MANAGER)
        else:
            metadata["resourceVersion"] = version
            await self._api.apply_object(f"{self._path}/{name}", body, MANAGER)
