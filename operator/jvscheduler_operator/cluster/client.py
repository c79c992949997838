"""The requests that the operator makes to the Kubernetes API.

Watching is not part of it: kopf does that. Every call is one request, a list is
one for each page. Every call is bounded in time and safe to repeat.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from jvscheduler_operator.objects.manifests import Key, LoopKey, Manifest


@dataclass(frozen=True)
class Listing:
    """All objects of a kind as they were at one resource version."""

    items: Sequence[Manifest]
    version: int


class Cluster(Protocol):
    """Each method raises Unavailable, Rejected, Conflict or NotFound (`cluster.errors`)."""

    async def serves_tasks(self) -> bool:
        """True when the custom resource is installed and the API server serves it."""

    async def tasks(self) -> Listing: ...

    async def cron_jobs(self) -> Listing:
        """Only CronJobs with the task label."""

    async def cron_job(self, key: Key) -> Manifest | None:
        """The CronJob of that name, with or without the label."""

    async def apply_cron_job(
        self, manifest: Manifest, *, force: bool, dry_run: bool = False
    ) -> Manifest:
        """Server-side apply.

        With `metadata.uid`, Conflict unless the object with that uid exists. Without
        force, Conflict when another manager owns a field with another value. A dry run
        is answered in the same way, and changes nothing.
        """

    async def patch_cron_job(self, key: Key, patch: Manifest) -> Manifest:
        """Merge patch of metadata and spec. Conflict as in `patch_cron_job_status`."""

    async def delete_cron_job(self, seen: Manifest) -> None:
        """Delete it with its Jobs. Conflict unless it still has the version that was seen."""

    async def patch_cron_job_status(self, key: Key, patch: Manifest) -> Manifest:
        """Merge patch of metadata and status.

        With `metadata.resourceVersion`, Conflict unless that is the present one.
        """

    async def jobs_of(self, key: Key) -> Sequence[Manifest]:
        """The Jobs of the task of that name: those with its label."""

    async def pods_of(self, key: Key) -> Sequence[Manifest]:
        """The pods of the task's Jobs: those with its label."""

    async def patch_job(self, key: Key, patch: Manifest) -> None:
        """Merge patch of metadata and spec. Conflict as in `patch_cron_job_status`."""

    async def loops(self) -> Listing:
        """Only Deployments with the loop label."""

    async def apply_loop(self, manifest: Manifest, *, force: bool) -> Manifest:
        """Server-side apply of a Deployment, as `apply_cron_job`."""

    async def delete_loop(self, seen: Manifest) -> None:
        """Delete a Deployment, as `delete_cron_job`."""

    async def loop_pods(self, key: LoopKey) -> Sequence[Manifest]:
        """The pods of this loop. They are not watched: they are asked for while none is ready."""

    async def events_of(self, manifest: Manifest) -> Sequence[Manifest]:
        """The Events about this pod or Job."""

    async def apply_rights(self, manifest: Manifest) -> None:
        """Server-side apply, with force, of a ServiceAccount or a RoleBinding."""

    async def apply_task_status(self, task: Manifest, status: Manifest) -> Manifest:
        """Server-side apply of the status. Conflict unless the task has the version seen.

        A uid would protect nothing: for a status, the API server ignores all metadata
        but the resource version.
        """

    async def apply_secret(self, manifest: Manifest) -> None:
        """Server-side apply without force: Conflict when another manager wrote the data."""

    async def secret_namespaces(self) -> Collection[str]:
        """The namespaces that have a Secret of the database's name. Its content is not read."""

    async def create_event(self, event: Manifest) -> None: ...
