"""What faults are done to in a cluster: jvscheduler as installed, tasks of its own, a node."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from jvscheduler import names
from tests.cluster.errors import CommandError
from tests.cluster.kubectl import Kubectl
from tests.e2e.installation import FAULTS, NAMESPACE, InNamespace, Installation
from tests.faults.cluster.mix import Spec
from tests.faults.cluster.node import Node
from tests.support.waiting import eventually

Json = dict[str, Any]

_VOLUME: Final[Json] = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "begun"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}},
}
_MOUNT: Final = {"name": "begun", "mountPath": "/begun"}
_TEMPLATE: Final[Json] = {
    "spec": {
        "terminationGracePeriodSeconds": 30,
        "containers": [{"name": names.TASK_CONTAINER, "volumeMounts": [_MOUNT]}],
        "volumes": [{"name": "begun", "persistentVolumeClaim": {"claimName": "begun"}}],
    }
}
_AT_WORK: Final = 2


@dataclass
class World:
    installation: Installation
    node: Node
    image: str
    specs: Mapping[str, Spec]
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def cluster(self) -> Kubectl:
        return self.installation.cluster

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self.cluster.kubectl("-n", FAULTS, *arguments, stdin=stdin)

    def apply(self) -> None:
        """All tasks, as they are specified."""
        items = [self._task(name, spec) for name, spec in self.specs.items()]
        listed = {"apiVersion": "v1", "kind": "List", "items": items}
        options = ("--server-side", "--force-conflicts")
        self.kubectl("apply", *options, "-f", "-", stdin=json.dumps(listed))

    def patch(self, task: str, spec: Spec) -> None:
        body = json.dumps({"spec": spec})
        self.kubectl("patch", names.PLURAL, task, "--type=merge", "-p", body)

    def tasks(self) -> list[Json]:
        found: list[Json] = json.loads(self.kubectl("get", names.PLURAL, "-o", "json"))["items"]
        return found

    def loops(self) -> set[str]:
        """That serve tasks."""
        return {task["status"].get("loop") for task in self.tasks()} - {None}

    def containers(self, label: str, name: str) -> list[str]:
        """The ids of those of that name that run, in pods with that label."""
        found = json.loads(self.kubectl("get", "pods", "-l", label, "-o", "json"))["items"]
        states = [state for pod in found for state in pod["status"].get("containerStatuses", ())]
        return [
            state["containerID"]
            for state in states
            if state["name"] == name and "running" in state["state"]
        ]

    def until_observed(self) -> None:
        """The operator has seen each task as it is."""
        eventually(lambda: all(map(_is_observed, self.tasks())), "tasks are observed", timeout=240)

    def until_ready(self) -> None:
        """And what serves it is there."""

        def ready() -> bool:
            return all(_is_observed(task) and _is_ready(task) for task in self.tasks())

        eventually(ready, "all tasks are ready", timeout=240)

    def until_at_work(self, since: datetime, of_cron: bool = False) -> None:
        """Jobs complete that became due after that."""

        def completed() -> bool:
            view = InNamespace(self.installation, FAULTS)
            query = {"limit": 1000, "hours": 1, "status": "completed"}
            try:
                jobs = view.get("/api/scheduler/jobs/recent", **query)
            except CommandError as error:  # a node whose kubelet was away has no ready pods
                raise AssertionError(error) from error
            found = [job for job in jobs["jobs"] if _is_due_after(job, since)]
            return len([job for job in found if not (of_cron and job["loop"])]) >= _AT_WORK

        eventually(completed, "tasks complete", timeout=240)

    def scale(self, component: str, replicas: int) -> None:
        """Of the installation; none of its pods, or all that there should be, are there then."""
        deployment = f"deployment/jvscheduler-{component}"
        scale = ("scale", "-n", NAMESPACE, deployment, f"--replicas={replicas}")
        self.cluster.kubectl(*scale)
        gone = ("wait", "pod", "--for=delete", f"-lapp.kubernetes.io/component={component}")
        back = ("rollout", "status", deployment)
        self.cluster.kubectl(*(back if replicas else gone), "-n", NAMESPACE, "--timeout=180s")

    def _task(self, name: str, spec: Spec) -> Json:
        base = {"taskID": task_id(name), "image": self.image, "template": _TEMPLATE}
        return {
            "apiVersion": names.API_VERSION,
            "kind": names.KIND,
            "metadata": {"name": name, "namespace": FAULTS},
            "spec": {**base, **spec},
        }


@contextmanager
def a_world(installation: Installation, image: str, specs: Mapping[str, Spec]) -> Iterator[World]:
    """Its tasks are served; its namespace goes with it."""
    cluster = installation.cluster
    name = cluster.kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
    cluster.kubectl("create", "namespace", FAULTS)
    try:
        cluster.kubectl("label", "ns", FAULTS, "pod-security.kubernetes.io/enforce=restricted")
        world = World(installation, Node(cluster, name), image, specs)
        world.kubectl("apply", "-f", "-", stdin=json.dumps(_VOLUME))
        world.apply()
        world.until_ready()
        yield world
    finally:
        cluster.kubectl("delete", "namespace", FAULTS, "--wait=false")


def task_id(name: str) -> str:
    return f"{FAULTS}.{name.replace('-', '_')}"


def _is_observed(task: Json) -> bool:
    seen = task.get("status", {}).get("observedGeneration")
    return bool(seen == task["metadata"]["generation"])


def _is_ready(task: Json) -> bool:
    conditions = task.get("status", {}).get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _is_due_after(job: Json, since: datetime) -> bool:
    due = job["scheduled_time"]
    return bool(due) and datetime.fromisoformat(due) > since
