"""A cluster in memory, for tests of what runs on a cluster.

It keeps the promises of `Cluster` as the API server does; one contract suite
checks both. Server-side apply is simplified: only our own manager can remove a
field, and lists are replaced whole.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jvscheduler import names
from jvscheduler.errors import TemporaryError
from jvscheduler_operator.cluster.client import Listing
from jvscheduler_operator.cluster.errors import Conflict, NotFound, Rejected
from jvscheduler_operator.objects.drift import contains
from jvscheduler_operator.objects.manifests import Key, LoopKey, Manifest, key_of

CREATED: Final = "2026-01-01T00:00:00Z"
"""When every object was created: this cluster has no clock."""

_Objects = dict[Key, Manifest]


@dataclass
class MemoryCluster:
    writes: list[str] = field(default_factory=list)
    """The writes in their order: `dry run`, `anchor`, `cron job`, `retired`, `deleted`,
    `loop`, `loop deleted`, `rights`, `status`, `secret`, `event`."""
    events: list[Manifest] = field(default_factory=list)
    secrets: _Objects = field(default_factory=dict)
    applied_secrets: _Objects = field(default_factory=dict)
    """Those of `secrets` that our own manager wrote. Any other one is a user's."""
    failures: list[Rejected | TemporaryError | None] = field(default_factory=list)
    """Each next write raises the next item of this list; None lets the write succeed."""
    task_objects: _Objects = field(default_factory=dict)
    cron_job_objects: _Objects = field(default_factory=dict)
    loop_objects: _Objects = field(default_factory=dict)
    job_objects: _Objects = field(default_factory=dict)
    pod_objects: _Objects = field(default_factory=dict)
    rights: dict[tuple[str, Key], Manifest] = field(default_factory=dict)
    version: int = 0

    def put(self, objects: _Objects, manifest: Manifest) -> Manifest:
        """Store the object as another client's write would. Returns what is stored."""
        before = objects.get(key_of(manifest))
        self.version += 1
        metadata = dict(manifest["metadata"])
        if before is None:
            created = {"creationTimestamp": CREATED, "generation": 1}
            metadata = {"uid": f"uid-{self.version}", **created, **metadata}
        elif before.get("spec") != manifest.get("spec"):
            metadata["generation"] = before["metadata"]["generation"] + 1
        metadata["resourceVersion"] = str(self.version)
        stored = {**manifest, "metadata": metadata}
        objects[key_of(manifest)] = stored
        return stored

    async def serves_tasks(self) -> bool:
        return True

    async def tasks(self) -> Listing:
        return Listing(list(self.task_objects.values()), self.version)

    async def cron_jobs(self) -> Listing:
        return self._labelled(self.cron_job_objects, names.TASK_LABEL)

    async def loops(self) -> Listing:
        return self._labelled(self.loop_objects, names.LOOP_LABEL)

    async def jobs_of(self, key: Key) -> Sequence[Manifest]:
        return _of_task(self.job_objects, key)

    async def pods_of(self, key: Key) -> Sequence[Manifest]:
        return _of_task(self.pod_objects, key)

    async def patch_job(self, key: Key, patch: Manifest) -> None:
        self._write("job")
        before = self.job_objects.get(key)
        if before is None:
            raise NotFound(f'jobs "{key.name}" not found')
        _check_version(before, patch["metadata"].get("resourceVersion"))
        self.put(self.job_objects, _merged(before, patch))

    async def cron_job(self, key: Key) -> Manifest | None:
        return self.cron_job_objects.get(key)

    async def apply_cron_job(
        self, manifest: Manifest, *, force: bool, dry_run: bool = False
    ) -> Manifest:
        self._write("dry run" if dry_run else "cron job")
        return self._apply(self.cron_job_objects, manifest, force, dry_run)

    async def apply_loop(self, manifest: Manifest, *, force: bool) -> Manifest:
        self._write("loop")
        return self._apply(self.loop_objects, manifest, force)

    async def delete_loop(self, seen: Manifest) -> None:
        self._write("loop deleted")
        self._delete(self.loop_objects, seen)

    async def loop_pods(self, key: LoopKey) -> Sequence[Manifest]:
        return [
            pod
            for pod in self.pod_objects.values()
            if pod["metadata"]["namespace"] == key.namespace
            and pod["metadata"].get("labels", {}).get(names.LOOP_LABEL) == key.name
        ]

    async def events_of(self, manifest: Manifest) -> Sequence[Manifest]:
        uid = manifest["metadata"]["uid"]
        return [event for event in self.events if event["involvedObject"]["uid"] == uid]

    async def apply_rights(self, manifest: Manifest) -> None:
        self._write("rights")
        self.rights[manifest["kind"], key_of(manifest)] = manifest

    async def patch_cron_job(self, key: Key, patch: Manifest) -> Manifest:
        self._write("retired")
        return self._patch_cron_job(key, patch)

    async def delete_cron_job(self, seen: Manifest) -> None:
        self._write("deleted")
        self._delete(self.cron_job_objects, seen)

    async def patch_cron_job_status(self, key: Key, patch: Manifest) -> Manifest:
        self._write("anchor")
        return self._patch_cron_job(key, patch)

    async def apply_task_status(self, task: Manifest, status: Manifest) -> Manifest:
        self._write("status")
        before = self.task_objects.get(key_of(task))
        if before is None:
            raise NotFound(f'scheduledtasks "{key_of(task).name}" not found')
        _check_version(before, task["metadata"]["resourceVersion"])
        after = {**before, "status": status}
        return before if after == before else self.put(self.task_objects, after)

    async def apply_secret(self, manifest: Manifest) -> None:
        self._write("secret")
        key = key_of(manifest)
        before = self.secrets.get(key)
        is_ours = before is self.applied_secrets.get(key)
        if before is not None and not is_ours and before["data"] != manifest["data"]:
            raise Conflict("another manager owns data of this Secret")
        self.secrets[key] = self.applied_secrets[key] = manifest

    async def secret_namespaces(self) -> Collection[str]:
        return {key.namespace for key in self.secrets}

    async def create_event(self, event: Manifest) -> None:
        self._write("event")
        self.events.append(event)

    def _patch_cron_job(self, key: Key, patch: Manifest) -> Manifest:
        before = self.cron_job_objects.get(key)
        if before is None:
            raise NotFound(f'cronjobs "{key.name}" not found')
        _check_version(before, patch["metadata"].get("resourceVersion"))
        return self.put(self.cron_job_objects, _merged(before, patch))

    def _labelled(self, objects: _Objects, label: str) -> Listing:
        # The items of the API server's lists do not say their kind either.
        items = [o for o in objects.values() if label in o["metadata"].get("labels", {})]
        bare = [{k: v for k, v in o.items() if k not in ("apiVersion", "kind")} for o in items]
        return Listing(bare, self.version)

    def _apply(
        self, objects: _Objects, manifest: Manifest, force: bool, dry_run: bool = False
    ) -> Manifest:
        before = objects.get(key_of(manifest))
        _check_uid(before, manifest["metadata"].get("uid"))
        if before is None:
            return manifest if dry_run else self.put(objects, manifest)
        if not force and not contains(before["spec"], manifest["spec"]):
            raise Conflict("another manager owns fields of this object")
        after = {
            **before,
            "metadata": _merged(before["metadata"], manifest["metadata"]),
            "spec": manifest["spec"],
        }
        return after if dry_run or after == before else self.put(objects, after)

    def _delete(self, objects: _Objects, seen: Manifest) -> None:
        before = objects.get(key_of(seen))
        if before is None:
            raise NotFound(f'"{key_of(seen).name}" not found')
        _check_uid(before, seen["metadata"]["uid"])
        _check_version(before, seen["metadata"]["resourceVersion"])
        del objects[key_of(seen)]
        self.version += 1

    def _write(self, what: str) -> None:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.writes.append(what)


def _of_task(objects: _Objects, key: Key) -> Sequence[Manifest]:
    return [
        manifest
        for manifest in objects.values()
        if manifest["metadata"]["namespace"] == key.namespace
        and manifest["metadata"].get("labels", {}).get(names.TASK_LABEL) == key.name
    ]


def _check_uid(before: Manifest | None, uid: str | None) -> None:
    if uid is not None and (before is None or before["metadata"]["uid"] != uid):
        raise Conflict("uid mismatch")


def _check_version(before: Manifest, version: str | None) -> None:
    if version not in (None, before["metadata"]["resourceVersion"]):
        raise Conflict("the object has been modified")


def _merged(before: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(before)
    for name, value in patch.items():
        old = merged.get(name)
        if value is None:
            merged.pop(name, None)
        elif isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[name] = _merged(old, value)
        else:
            merged[name] = value
    return merged
