"""Kubernetes objects as the API gives them, and what their fields say.

They stay plain JSON. The operator reads a dozen fields of an object; a typed
client's models would cost more than all the rest of its work.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Manifest: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Key:
    """Names a ScheduledTask, and the CronJob of the same name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def log_context(self) -> Mapping[str, str]:
        """What a line of the log about it is about."""
        return {"namespace": self.namespace, "task": self.name}


class LoopKey(Key):
    """Names a loop's Deployment. It never equals a task's key, so that both fit in one queue."""

    def __str__(self) -> str:
        return f"loop {self.namespace}/{self.name}"

    @property
    def log_context(self) -> Mapping[str, str]:
        return {"namespace": self.namespace, "loop": self.name}


class NamespaceKey(Key):
    """Names a namespace and its part of the history. Its name is empty."""

    def __str__(self) -> str:
        return f"the history of namespace {self.namespace}"

    @property
    def log_context(self) -> Mapping[str, str]:
        return {"namespace": self.namespace}


def key_of(manifest: Manifest) -> Key:
    metadata = manifest["metadata"]
    return Key(metadata["namespace"], metadata["name"])


def loop_key_of(deployment: Manifest) -> LoopKey:
    metadata = deployment["metadata"]
    return LoopKey(metadata["namespace"], metadata["name"])


def version_of(manifest: Manifest) -> int:
    """The resource version. Since Kubernetes 1.35 those of one kind are officially ordered."""
    return int(manifest["metadata"]["resourceVersion"])


def is_being_deleted(manifest: Manifest) -> bool:
    """True when a deletion was accepted, but a finalizer still keeps the object."""
    return "deletionTimestamp" in manifest["metadata"]


def controller_of(manifest: Manifest) -> Manifest | None:
    """The owner reference of the one owner that is the object's controller."""
    owners = manifest["metadata"].get("ownerReferences", [])
    return next((owner for owner in owners if owner.get("controller")), None)


def is_controlled_by(manifest: Manifest, owner: Manifest) -> bool:
    # By uid, not by name: after a task was deleted and created again, the CronJob
    # of the old one may still be there under the same name.
    reference = controller_of(manifest)
    return reference is not None and reference.get("uid") == owner["metadata"]["uid"]


def assigned_loop(task: Manifest) -> str | None:
    """The Deployment that serves the task. The loop itself reads it from the status."""
    name: str | None = task.get("status", {}).get("loop")
    return name
