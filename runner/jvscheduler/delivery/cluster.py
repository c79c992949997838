"""The ScheduledTasks of one namespace, with the login of a kubeconfig."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from kubernetes import client, config
from urllib3.exceptions import HTTPError

from jvscheduler import names
from jvscheduler.delivery.plan import Manifest
from jvscheduler.errors import InvalidSettings, SchedulerError

_APPLY: Final = "application/apply-patch+yaml"
_PAGE: Final = 500
_SECONDS: Final = 30
"""The time limit of a request."""
_ERRORS: Final = 400
_NOT_FOUND: Final = 404
_FORBIDDEN: Final = 403


class ClusterError(SchedulerError):
    """The API server does not answer, or refuses."""


class TaskCluster:
    """Raises ClusterError from each of its methods.

    Requests name a path, and answers are plain JSON: the client's own method for a patch returns
    nothing when the API server has created the object.
    """

    def __init__(self, api: client.ApiClient, namespace: str) -> None:
        self._api = api
        self.namespace = namespace
        self._path = f"/apis/{names.API_VERSION}/namespaces/{namespace}/{names.PLURAL}"

    def tasks(self) -> Sequence[Manifest]:
        """Every task of the namespace, also those of others."""
        found: list[Manifest] = []
        query = {"limit": str(_PAGE)}
        while True:
            page = self._request("the tasks cannot be listed", "GET", "", query)
            found += page["items"]
            more = page["metadata"].get("continue")
            if not more:
                return found
            query["continue"] = more

    def read(self, name: str) -> Manifest | None:
        try:
            return self._request(f"the task {name} cannot be read", "GET", f"/{name}")
        except _NotFound:
            return None

    def applied(self, manifest: Manifest) -> Manifest:
        """The object as an apply would leave it."""
        return self._patch(manifest, {"dryRun": "All"})

    def apply(self, manifest: Manifest) -> Manifest:
        return self._patch(manifest, {})

    def delete(self, name: str) -> None:
        """Return when it is on its way out, or was not there."""
        with contextlib.suppress(_NotFound):
            self._request(f"the task {name} cannot be deleted", "DELETE", f"/{name}")

    def _patch(self, manifest: Manifest, options: Mapping[str, str]) -> Manifest:
        name = manifest["metadata"]["name"]
        query = {"fieldManager": names.APPLY_MANAGER, "force": "true", **options}
        what = f"the task {name} cannot be applied"
        return self._request(what, "PATCH", f"/{name}", query, manifest)

    def _request(
        self,
        what: str,
        method: str,
        path: str,
        query: Mapping[str, str] = MappingProxyType({}),
        body: Manifest | None = None,
    ) -> dict[str, Any]:
        """`what` is what cannot be done when it fails."""
        request = self._api.param_serialize(
            method,
            self._path + path,
            query_params=list(query.items()),
            header_params={"Accept": "application/json", "Content-Type": _APPLY},
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            response = self._api.call_api(*request, _request_timeout=_SECONDS)
            raw: bytes = response.read()  # type: ignore[no-untyped-call]
        except (HTTPError, OSError) as error:
            raise ClusterError(f"{what}: the API server does not answer: {error}") from error
        if response.status >= _ERRORS:
            raise _error(what, response.status, raw)
        answer: dict[str, Any] = json.loads(raw)
        return answer


def connect(context: str | None, namespace: str | None) -> TaskCluster:
    """The namespace is the kubeconfig's when none is given. Raises InvalidSettings."""
    try:
        contexts, current = config.list_kube_config_contexts()  # type: ignore[no-untyped-call]
        chosen = current if context is None else _named(contexts, context)
        api = config.new_client_from_config(context=context)  # type: ignore[no-untyped-call]
    except (config.ConfigException, OSError) as error:
        raise InvalidSettings(
            f"no login in the kubeconfig: {error}. Set KUBECONFIG to one with which "
            "`kubectl get scheduledtasks` works, or choose another --context"
        ) from error
    return TaskCluster(api, namespace or chosen["context"].get("namespace") or "default")


def _named(contexts: Sequence[Any], name: str) -> Any:
    found = [context for context in contexts if context["name"] == name]
    if not found:
        known = ", ".join(context["name"] for context in contexts)
        raise InvalidSettings(f"--context {name}: the kubeconfig has {known}")
    return found[0]


class _NotFound(ClusterError):
    pass


def _error(what: str, status: int, raw: bytes) -> ClusterError:
    message = _message(raw)
    if status == _NOT_FOUND and '" not found' in message:
        return _NotFound(f"{what}: {message}")
    if status == _NOT_FOUND:
        return ClusterError(f"{what}: the cluster has no ScheduledTasks: install the chart first")
    if status == _FORBIDDEN:
        return ClusterError(f"{what}: you may not: {message}")
    return ClusterError(f"{what}: {message}")


def _message(raw: bytes) -> str:
    try:
        return str(json.loads(raw)["message"])
    except (ValueError, KeyError, TypeError):
        return repr(raw[:200])
