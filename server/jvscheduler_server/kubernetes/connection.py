"""The connection to the API server. Of the server, only this module imports the `kubernetes.aio`
client. The dashboard loads a user's kubeconfig with it too.

The client does login, TLS and requests. Its models and its watch are not used. Objects stay
dicts, which need a tenth of the memory and time. The client's watch reconnects by itself,
without a pause, and does not report that it missed events.
"""

import json
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from aiohttp import ClientError, ClientResponse, ClientTimeout
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

from jvscheduler import names
from jvscheduler.edge.bounded_json import read_json
from jvscheduler.errors import InvalidSettings
from jvscheduler_server.cluster.objects import TaskState
from jvscheduler_server.kubernetes.fields import Json
from jvscheduler_server.kubernetes.informer import (
    ApiServerUnavailable,
    Forbidden,
    NotFound,
    Resource,
    ResourceVersionExpired,
)

PAGE: Final = 500
"""Objects that one request of a list asks for."""

LIST_TIMEOUT: Final = ClientTimeout(total=60, sock_connect=10)
WATCH_SECONDS: Final = 240
"""The API server is asked to end a watch after this long. The next one goes on from there."""

WATCH_TIMEOUT: Final = ClientTimeout(total=WATCH_SECONDS + 30, sock_connect=10)
"""Longer than the watch itself: it ends only a connection that died silently."""

WRITE_TIMEOUT: Final = ClientTimeout(total=30, sock_connect=10)
REVIEW_TIMEOUT: Final = ClientTimeout(total=10, sock_connect=5)
"""A caller waits for it."""

FIELD_MANAGER: Final = "jvscheduler-server"
AS_JSON: Final = "application/json"
CONTENT_TYPES: Final = {"GET": AS_JSON, "POST": AS_JSON, "PATCH": "application/apply-patch+yaml"}
"""Every patch is a server-side apply."""

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024
"""The most bytes of an event. The API server stores no object of more than 2 MiB."""

GONE: Final = 410
"""HTTP status of a resource version that the API server no longer knows."""

REFUSALS: Final = {403: Forbidden, 404: NotFound}


class KubernetesApi:
    """A connection to the API server of a kubeconfig, or of the pod that this runs in."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    async def close(self) -> None:
        await self._client.close()  # type: ignore[no-untyped-call]

    async def list(self, resource: Resource[Any]) -> tuple[Sequence[Json], str]:
        items: list[Json] = []
        more = ""
        while True:
            page = await self._page(resource, more)
            items += page["items"]
            more = page["metadata"].get("continue", "")
            if not more:
                return items, page["metadata"]["resourceVersion"]

    async def watch(self, resource: Resource[Any], version: str) -> AsyncIterator[Json]:
        query = _query(resource) | {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        async with self._get(resource.path, query, WATCH_TIMEOUT) as response:
            async for line in lines(response.content.iter_any()):
                yield _event(line)

    async def namespace_exists(self, namespace: str) -> bool:
        try:
            async with self._get(f"/api/v1/namespaces/{namespace}", {}, LIST_TIMEOUT):
                return True
        except NotFound:
            return False

    async def apply_task_status(self, task: TaskState, status: Mapping[str, Any]) -> None:
        metadata = {"name": task.name, "namespace": task.namespace}
        body = {"apiVersion": names.API_VERSION, "kind": names.KIND, "metadata": metadata}
        path = f"/apis/{names.API_VERSION}/namespaces/{task.namespace}/{names.PLURAL}/{task.name}"
        await self.apply_object(f"{path}/status", {**body, "status": status}, FIELD_MANAGER)

    async def create_event(self, task: TaskState, event: Mapping[str, Any]) -> None:
        involved = {"name": task.name, "namespace": task.namespace, "uid": task.uid}
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{task.name}-", "namespace": task.namespace},
            "involvedObject": {"apiVersion": names.API_VERSION, "kind": names.KIND, **involved},
            "source": {"component": FIELD_MANAGER},
            "reportingComponent": FIELD_MANAGER,
            "reportingInstance": socket.gethostname(),
            "count": 1,
            **event,
        }
        path = f"/api/v1/namespaces/{task.namespace}/events"
        async with self._request("POST", path, {}, WRITE_TIMEOUT, body):
            return

    async def read_object(self, path: str) -> Json | None:
        """Return one object; None when there is none."""
        try:
            async with self._get(path, {}, REVIEW_TIMEOUT) as response:
                return _object(await response.read())
        except NotFound:
            return None

    async def create_object(self, path: str, body: Json, manager: str) -> None:
        async with self._request("POST", path, {"fieldManager": manager}, WRITE_TIMEOUT, body):
            return

    async def apply_object(self, path: str, body: Json, manager: str) -> None:
        query = {"fieldManager": manager, "force": "true"}
        async with self._request("PATCH", path, query, WRITE_TIMEOUT, body):
            return

    async def config_map(self, namespace: str, name: str) -> Mapping[str, str]:
        path = f"/api/v1/namespaces/{namespace}/configmaps/{name}"
        async with self._get(path, {}, REVIEW_TIMEOUT) as response:
            data = _object(await response.read()).get("data")
            return data if isinstance(data, Mapping) else {}

    async def review_token(self, spec: Json) -> Json:
        return await self._review("authentication.k8s.io", "TokenReview", spec)

    async def review_access(self, spec: Json) -> Json:
        return await self._review("authorization.k8s.io", "SubjectAccessReview", spec)

    async def _review(self, group: str, kind: str, spec: Json) -> Json:
        body = {"apiVersion": f"{group}/v1", "kind": kind, "spec": spec}
        path = f"/apis/{group}/v1/{kind.lower()}s"
        async with self._request("POST", path, {}, REVIEW_TIMEOUT, body) as response:
            status: Json = _object(await response.read()).get("status") or {}
            return status

    async def _page(self, resource: Resource[Any], more: str) -> Json:
        query = _query(resource) | {"limit": str(PAGE)} | ({"continue": more} if more else {})
        async with self._get(resource.path, query, LIST_TIMEOUT) as response:
            return _object(await response.read())

    def _get(
        self, path: str, query: Mapping[str, str], limits: ClientTimeout
    ) -> AbstractAsyncContextManager[ClientResponse]:
        return self._request("GET", path, query, limits)

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        limits: ClientTimeout,
        body: Json | None = None,
    ) -> AsyncIterator[ClientResponse]:
        try:
            request = await self._client.param_serialize(
                method,
                path,
                query_params=list(query.items()),
                header_params={"Accept": AS_JSON, "Content-Type": CONTENT_TYPES[method]},
                body=body,
                auth_settings=["BearerToken"],
            )
            response = await self._client.call_api(*request, _request_timeout=limits)
            async with response.response as answer:
                await _raise_for_status(answer)
                yield answer
        except (ClientError, TimeoutError, OSError) as error:
            text = str(error) or type(error).__name__
            raise ApiServerUnavailable(f"the API server does not answer: {text}") from error


async def lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield each line. Raises ApiServerUnavailable for one that no object can be.

    The client's own reader refuses a line of more than 128 KiB. One pod with large annotations
    would then end the watch at each of its changes, and have everything listed anew.
    """
    line = bytearray()
    async for chunk in chunks:
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            yield bytes(line + end)
            line.clear()
        line += rest
        if len(line) > MAX_EVENT_BYTES:
            raise ApiServerUnavailable(f"an event of more than {MAX_EVENT_BYTES} bytes")
    if line:
        yield bytes(line)


async def connect(kubeconfig: str | None) -> KubernetesApi:
    """Connect as the kubeconfig says. None: with the service account of the pod that this runs in.

    Raises InvalidSettings when there is neither.
    """
    configuration = Configuration()
    try:
        if kubeconfig:
            await load_kube_config(  # type: ignore[no-untyped-call]
                kubeconfig, client_configuration=configuration
            )
        else:
            load_incluster_config(  # type: ignore[no-untyped-call]
                client_configuration=configuration
            )
    except (ConfigException, OSError) as error:
        raise InvalidSettings(
            f"no Kubernetes cluster to connect to: {error}. "
            "Run in a pod with a service account, or set KUBECONFIG or --kubeconfig."
        ) from error
    return KubernetesApi(ApiClient(configuration))


def _query(resource: Resource[Any]) -> dict[str, str]:
    selectors = {
        "labelSelector": resource.label_selector,
        "fieldSelector": resource.field_selector,
    }
    return {name: value for name, value in selectors.items() if value}


async def _raise_for_status(response: ClientResponse) -> None:
    if response.status < 400:
        return
    text = (await response.read()).decode(errors="replace")
    _raise(response.status, _message_of(text))


def _event(line: bytes) -> Json:
    event = _object(line)
    if event.get("type") == "ERROR":
        status = event["object"]
        _raise(status.get("code", 0), status.get("message", "the watch failed"))
    return event


def _object(raw: bytes) -> Json:
    try:
        value: Any = read_json(raw)
    except ValueError as error:
        raise ApiServerUnavailable(f"an incomplete answer: {raw[:80]!r}") from error
    if not isinstance(value, dict):
        raise ApiServerUnavailable(f"an answer that is no JSON object: {raw[:80]!r}")
    return value


def _message_of(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return text[:200]


def _raise(code: int, message: str) -> None:
    if code == GONE:
        raise ResourceVersionExpired(message)
    raise REFUSALS.get(code, ApiServerUnavailable)(f"{code}: {message}")
