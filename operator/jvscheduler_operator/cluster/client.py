"""The seam to the Kubernetes API: what the operator reads and writes, and how that may fail.

Watching is not part of it, that is kopf's. Every call is one request (lists:
one for each page), bounded in time, and safe to repeat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from jvscheduler.errors import SchedulerError, TemporaryError
from jvscheduler_operator.objects.manifests import Key, Manifest


class Unavailable(TemporaryError):
    """The API server cannot be reached, is overloaded or fails; `retry_after` in seconds."""

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Rejected(SchedulerError):
    """The API server will not do it; the message is its own."""


class Conflict(Rejected):
    """The object is not what it was taken for, or another manager owns a field."""


class NotFound(Rejected):
    """The object, or its kind, is not there."""


class Stale(TemporaryError):
    """What was written was decided from an object that has changed; its event is on its way."""


@dataclass(frozen=True)
class Listing:
    """All objects of a kind as they were at one resource version."""

    items: Sequence[Manifest]
    version: int


class Cluster(Protocol):
    """Each method raises Unavailable, or Rejected and its kin."""

    async def serves_tasks(self) -> bool:
        """Whether the custom resource is installed, as discovery tells it."""

    async def tasks(self) -> Listing: ...

    async def cron_jobs(self) -> Listing:
        """Those with the task label only."""

    async def cron_job(self, key: Key) -> Manifest | None:
        """Whether labelled or not."""

    async def apply_cron_job(self, manifest: Manifest, *, force: bool) -> Manifest:
        """Server-side apply. With `metadata.uid`, Conflict unless that very object is there.

        Without force, Conflict when another manager owns a field of another value.
        """

    async def patch_cron_job(self, key: Key, patch: Manifest) -> Manifest:
        """As `patch_cron_job_status`, of the rest."""

    async def delete_cron_job(self, seen: Manifest) -> None:
        """With its Jobs. Conflict unless it is at the version seen; gone is NotFound."""

    async def patch_cron_job_status(self, key: Key, patch: Manifest) -> Manifest:
        """Merge patch. With `metadata.resourceVersion`, Conflict unless that is the present one."""

    async def loops(self) -> Listing:
        """Deployments with the loop label only."""

    async def apply_loop(self, manifest: Manifest, *, force: bool) -> Manifest:
        """As `apply_cron_job`."""

    async def delete_loop(self, seen: Manifest) -> None:
        """As `delete_cron_job`."""

    async def apply_rights(self, manifest: Manifest) -> None:
        """Server-side apply, with force, of a ServiceAccount or a RoleBinding."""

    async def apply_task_status(self, task: Manifest, status: Manifest) -> Manifest:
        """Server-side apply of the status; Conflict unless the task is at the version seen.

        (A uid would not do: the API server ignores metadata here, but for the version.)
        """

    async def apply_secret(self, manifest: Manifest) -> None:
        """Server-side apply without force: Conflict leaves what another manager wrote."""

    async def create_event(self, event: Manifest) -> None: ...
