"""What was gathered about one task: all that deciding may look at.

Kubernetes objects stay plain JSON, as the API gives them: the operator reads a
dozen fields of them, and a typed client's models cost more than the rest of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Manifest: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Key:
    """A ScheduledTask, and the CronJob of the same name that carries it."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class LoopKey(Key):
    """A loop's Deployment; never equal to a task's key."""

    def __str__(self) -> str:
        return f"loop {self.namespace}/{self.name}"


@dataclass(frozen=True)
class Settled:
    """A manifest that the API server has accepted, and the child's generation with it.

    The server stores some values in another form (`1000m` becomes `1`), so that
    what was applied and what is observed may differ for ever. What was settled
    is not applied again until one of the two moves.
    """

    digest: str
    generation: int


@dataclass(frozen=True)
class State:
    task: Manifest
    child: Manifest | None
    """The CronJob of the task's name, whoever owns it."""
    settled: Settled | None = None
    database_url: str | None = None
    """To be put into the namespace's Secret; None when that is done or not wanted."""
    loop: Manifest | None = None
    """The Deployment that the spec asks for."""
    loop_failure: str | None = None
    """Why that could not be applied."""

    @property
    def key(self) -> Key:
        return key_of(self.task)


@dataclass(frozen=True)
class LoopState:
    """What was gathered about one loop."""

    key: LoopKey
    deployment: Manifest | None
    task: Manifest | None
    """One of those whose spec asks for it."""
    is_assigned: bool
    """Whether the status of any task names it."""
    settled: Settled | None = None


def key_of(manifest: Manifest) -> Key:
    metadata = manifest["metadata"]
    return Key(metadata["namespace"], metadata["name"])


def loop_key_of(deployment: Manifest) -> LoopKey:
    metadata = deployment["metadata"]
    return LoopKey(metadata["namespace"], metadata["name"])


def assigned_loop(task: Manifest) -> str | None:
    """The Deployment that serves the task, as its status says to the loop itself."""
    name: str | None = task.get("status", {}).get("loop")
    return name


def version_of(manifest: Manifest) -> int:
    """The resource version; those of one kind are ordered (Kubernetes 1.35 made it official)."""
    return int(manifest["metadata"]["resourceVersion"])
