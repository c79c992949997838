"""The cluster behind the Kubernetes API. No other module imports the Kubernetes client.

Requests name a path and answers are plain JSON. The client's typed models would
cost time and memory, and they drop fields that they do not know. The client
gives the credentials, and renews a service account's token when it rotates.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import aiohttp
from kubernetes.aio import client, config

from jvscheduler import names
from jvscheduler.edge.bounded_json import read_json
from jvscheduler.edge.missing_namespaces import MissingNamespaces
from jvscheduler.errors import InvalidSettings
from jvscheduler_operator.cluster.client import Listing
from jvscheduler_operator.cluster.errors import NotFound, Rejected, Unavailable, error_of
from jvscheduler_operator.objects.manifests import Key, LoopKey, Manifest
from jvscheduler_operator.objects.secrets import namespaces_of

_TIMEOUT: Final = aiohttp.ClientTimeout(total=30, sock_connect=10)
"""Seconds for one request. Without a limit, a silent API server would hold a worker for ever."""

_PAGE: Final = 500
"""Objects in one page of a list, as kubectl asks for."""

_APPLY: Final = "application/apply-patch+yaml"
_MERGE: Final = "application/merge-patch+json"
_JSON: Final = "application/json"
_METADATA: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""The form in which Secrets are listed: without their content."""

_TASKS: Final = f"/apis/{names.API_VERSION}"
_GROUPS: Final[Mapping[str, str]] = {
    "cronjobs": "/apis/batch/v1",
    "deployments": "/apis/apps/v1",
    "jobs": "/apis/batch/v1",
    "pods": "/api/v1",
    "rolebindings": "/apis/rbac.authorization.k8s.io/v1",
    "secrets": "/api/v1",
    "serviceaccounts": "/api/v1",
    names.PLURAL: _TASKS,
}
"""The path of each kind. Objects that come from a list do not say their own kind."""

_STATUS_METADATA: Final = ("name", "namespace", "resourceVersion")
"""With the resource version, the API server refuses a status for a task that has changed."""

Query = Sequence[tuple[str, str]]


class KubernetesCluster:
    """`Cluster` says what each method promises. Close it at the end."""

    def __init__(self, api: client.ApiClient, namespaces: Sequence[str] = ()) -> None:
        self._api = api
        self._namespaces = namespaces
        """The namespaces that a list is about; none stands for all."""
        self.missing = MissingNamespaces()

    @classmethod
    async def connect(
        cls, kubeconfig: str | None = None, namespaces: Sequence[str] = ()
    ) -> "KubernetesCluster":
        """Connect with this kubeconfig, else the user's default one, else the pod's account."""
        configuration = client.Configuration()
        chosen = {"config_file": kubeconfig} if kubeconfig else {}
        try:
            await config.load_config(  # type: ignore[no-untyped-call]
                client_configuration=configuration, **chosen
            )
        except (config.ConfigException, OSError) as error:
            raise InvalidSettings(
                f"cannot connect to the Kubernetes API: {error}; set KUBECONFIG or run in a pod"
            ) from error
        return cls(client.ApiClient(configuration), namespaces)

    async def close(self) -> None:
        await self._api.close()  # type: ignore[no-untyped-call]

    async def serves_tasks(self) -> bool:
        try:
            known = await self._request("GET", _TASKS)
        except NotFound:
            return False
        return any(resource["name"] == names.PLURAL for resource in known["resources"])

    async def tasks(self) -> Listing:
        return await self._list_watched(names.PLURAL)

    async def cron_jobs(self) -> Listing:
        return await self._list_watched("cronjobs", ("labelSelector", names.TASK_LABEL))

    async def cron_job(self, key: Key) -> Manifest | None:
        try:
            return await self._request("GET", _path("cronjobs", key))
        except NotFound:
            return None

    async def apply_cron_job(
        self, manifest: Manifest, *, force: bool, dry_run: bool = False
    ) -> Manifest:
        path = _path_of("cronjobs", manifest)
        return await self._apply(path, manifest, force=force, dry_run=dry_run)

    async def patch_cron_job(self, key: Key, patch: Manifest) -> Manifest:
        return await self._merge(_path("cronjobs", key), patch)

    async def delete_cron_job(self, seen: Manifest) -> None:
        await self._delete(_path_of("cronjobs", seen), seen)

    async def patch_cron_job_status(self, key: Key, patch: Manifest) -> Manifest:
        return await self._merge(f"{_path('cronjobs', key)}/status", patch)

    async def jobs_of(self, key: Key) -> Sequence[Manifest]:
        return await self._labelled("jobs", key)

    async def pods_of(self, key: Key) -> Sequence[Manifest]:
        return await self._labelled("pods", key)

    async def patch_job(self, key: Key, patch: Manifest) -> None:
        await self._merge(_path("jobs", key), patch)

    async def loops(self) -> Listing:
        return await self._list_watched("deployments", ("labelSelector", names.LOOP_LABEL))

    async def apply_loop(self, manifest: Manifest, *, force: bool) -> Manifest:
        return await self._apply(_path_of("deployments", manifest), manifest, force=force)

    async def delete_loop(self, seen: Manifest) -> None:
        await self._delete(_path_of("deployments", seen), seen)

    async def loop_pods(self, key: LoopKey) -> Sequence[Manifest]:
        selector = ("labelSelector", f"{names.LOOP_LABEL}={key.name}")
        return (await self._list(f"/api/v1/namespaces/{key.namespace}/pods", selector)).items

    async def events_of(self, manifest: Manifest) -> Sequence[Manifest]:
        metadata = manifest["metadata"]
        selector = ("fieldSelector", f"involvedObject.uid={metadata['uid']}")
        path = f"/api/v1/namespaces/{metadata['namespace']}/events"
        return (await self._list(path, selector)).items

    async def apply_rights(self, manifest: Manifest) -> None:
        kind = manifest["kind"].lower() + "s"
        await self._apply(_path_of(kind, manifest), manifest, force=True)

    async def apply_task_status(self, task: Manifest, status: Manifest) -> Manifest:
        metadata = {field: task["metadata"][field] for field in _STATUS_METADATA}
        manifest = {
            "apiVersion": names.API_VERSION,
            "kind": names.KIND,
            "metadata": metadata,
            "status": status,
        }
        path = f"{_path_of(names.PLURAL, manifest)}/status"
        return await self._apply(path, manifest, force=True)

    async def apply_secret(self, manifest: Manifest) -> None:
        await self._apply(_path_of("secrets", manifest), manifest, force=False)

    async def secret_namespaces(self) -> Collection[str]:
        # With this selector, the right to list needs no more than this name.
        selector = ("fieldSelector", f"metadata.name={names.DATABASE_SECRET}")
        return namespaces_of((await self._list_watched("secrets", selector)).items)

    async def create_event(self, event: Manifest) -> None:
        path = f"/api/v1/namespaces/{event['metadata']['namespace']}/events"
        await self._request("POST", path, event)

    async def _apply(
        self, path: str, manifest: Manifest, *, force: bool, dry_run: bool = False
    ) -> Manifest:
        query = [("fieldManager", names.FIELD_MANAGER), ("force", str(force).lower())]
        if dry_run:
            query.append(("dryRun", "All"))
        return await self._request("PATCH", path, manifest, _APPLY, query)

    async def _merge(self, path: str, patch: Manifest) -> Manifest:
        query = [("fieldManager", names.FIELD_MANAGER)]
        return await self._request("PATCH", path, patch, _MERGE, query)

    async def _delete(self, path: str, seen: Manifest) -> None:
        # The preconditions keep us from deleting what has changed since the decision:
        # a CronJob that has started a Job, or another object of the same name.
        version = seen["metadata"]["resourceVersion"]
        conditions = {"uid": seen["metadata"]["uid"], "resourceVersion": version}
        options = {"propagationPolicy": "Background", "preconditions": conditions}
        await self._request("DELETE", path, options)

    async def _labelled(self, plural: str, key: Key) -> Sequence[Manifest]:
        """The objects of a kind with the label of the task of this name."""
        path = f"{_GROUPS[plural]}/namespaces/{key.namespace}/{plural}"
        selector = f"{names.TASK_LABEL}={key.name}"
        return (await self._list(path, ("labelSelector", selector))).items

    async def _list_watched(self, plural: str, *query: tuple[str, str]) -> Listing:
        """The objects of a kind in all namespaces that are watched."""
        group = _GROUPS[plural]
        if not self._namespaces:
            return await self._list(f"{group}/{plural}", *query)
        found = [
            await self._list_in(namespace, f"{group}/namespaces/{namespace}/{plural}", *query)
            for namespace in self._namespaces
        ]
        listings = [listing for listing in found if listing is not None]
        # The oldest version: what is missing and newer may have been created since.
        version = min((listing.version for listing in listings), default=0)
        return Listing([item for listing in listings for item in listing.items], version)

    async def _list_in(self, namespace: str, path: str, *query: tuple[str, str]) -> Listing | None:
        """The objects in a watched namespace; None when it is gone, and its Role with it."""
        try:
            listing = await self._list(path, *query)
        except Rejected:
            if await self._exists(namespace):
                raise
            self.missing.add(namespace)
            return None
        self.missing.found(namespace)
        return listing

    async def _exists(self, namespace: str) -> bool:
        """False only when the API server says so."""
        try:
            await self._request("GET", f"/api/v1/namespaces/{namespace}")
        except NotFound:
            return False
        except Rejected:
            return True  # the refusal of the list says more than that of this question
        return True

    async def _list(self, path: str, *query: tuple[str, str]) -> Listing:
        items: list[Manifest] = []
        position: Query = ()
        while True:
            page = await self._request(
                "GET", path, query=[*query, ("limit", str(_PAGE)), *position]
            )
            items += page["items"] or ()  # null in an empty list of metadata
            more = page["metadata"].get("continue")
            if not more:
                return Listing(items, int(page["metadata"]["resourceVersion"]))
            position = [("continue", more)]

    async def _request(
        self,
        method: str,
        path: str,
        body: Manifest | None = None,
        content_type: str = _JSON,
        query: Query = (),
    ) -> dict[str, Any]:
        accept = _METADATA if path.endswith("/secrets") else _JSON
        headers = {"Accept": accept, "Content-Type": content_type}
        try:
            call = await self._api.param_serialize(
                method,
                path,
                query_params=list(query),
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
            )
            response = await self._api.call_api(*call, _request_timeout=_TIMEOUT)
            text = await response.read()  # type: ignore[no-untyped-call]
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            message = f"the Kubernetes API does not answer: {error or type(error).__name__}"
            raise Unavailable(message) from error
        return _decode(response.status, text, response.headers)


def _path_of(plural: str, manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    return _path(plural, Key(metadata["namespace"], metadata["name"]))


def _path(plural: str, key: Key) -> str:
    return f"{_GROUPS[plural]}/namespaces/{key.namespace}/{plural}/{key.name}"


def _decode(status: int, text: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    answer = _json(text)
    if status < 300:
        return answer
    raise error_of(status, answer, headers.get("Retry-After"))


def _json(text: bytes) -> dict[str, Any]:
    # A proxy before the API server may answer with HTML or plain text.
    try:
        answer = read_json(text)
    except ValueError:
        return {"message": text.decode(errors="replace")[:200]}
    return answer if isinstance(answer, dict) else {}
