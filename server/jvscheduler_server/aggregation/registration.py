"""Tells the API server by which authority it verifies this server: `caBundle` of our APIService.

The chart cannot: when it is rendered, nobody has made the authority yet. So the server looks at its
own APIService now and then, and writes the field whenever it is another one.
"""

import base64
from collections.abc import Mapping
from typing import Any, Final, Protocol

from jvscheduler.errors import TemporaryError
from jvscheduler_server.aggregation.application import GROUP, VERSION

NAME: Final = f"{VERSION}.{GROUP}"
MANAGER: Final = "jvscheduler-server"
_API_VERSION: Final = "apiregistration.k8s.io/v1"
_PATH: Final = f"/apis/{_API_VERSION}/apiservices/{NAME}"


class NotRegistered(TemporaryError):
    """There is no APIService that would lead to this server."""


class Registrations(Protocol):
    """What this reads and writes of the cluster. Raises a SchedulerError when it cannot."""

    async def read_object(self, path: str) -> Mapping[str, Any] | None:
        """Return an object; None when there is none."""

    async def apply_object(self, path: str, body: Mapping[str, Any], manager: str) -> None:
        """Set the fields of the body."""


async def keep_verified(api: Registrations, authority: bytes) -> bool:
    """Let the API server verify by this authority. Returns True when it did not before."""
    found = await api.read_object(_PATH)
    if found is None:
        raise NotRegistered(f"there is no APIService {NAME}: the chart makes it")
    wanted = base64.b64encode(authority).decode()
    spec = found["spec"]
    if spec.get("caBundle") == wanted and not spec.get("insecureSkipTLSVerify"):
        return False
    body = {
        "apiVersion": _API_VERSION,
        "kind": "APIService",
        "metadata": {"name": NAME},
        # The chart of an earlier release had set it. Both at once are refused.
        "spec": {"caBundle": wanted, "insecureSkipTLSVerify": False},
    }
    await api.apply_object(_PATH, body, MANAGER)
    return True
