"""Objects for the operator's tests. Each test sets only the fields that it is about."""

from datetime import UTC, datetime
from typing import Any

from jvscheduler import names
from jvscheduler_operator.objects.manifests import Manifest, key_of
from jvscheduler_operator.testing.cluster import MemoryCluster

NOON = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
"""A Monday, half a minute after noon."""

YEARLY = "0 0 1 1 *"
"""Due too rarely to matter while a test runs."""


def task(
    name: str = "restock",
    namespace: str = "shop",
    metadata: dict[str, Any] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    """A ScheduledTask as a user writes it."""
    defaults = {
        "taskID": f"shop.tasks.{name}",
        "entrypoint": "shop.tasks:restock",
        "schedule": YEARLY,
        "image": "shop:1",
    }
    return {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "metadata": {"name": name, "namespace": namespace, **(metadata or {})},
        "spec": {**defaults, **spec},
    }


def put_task(cluster: MemoryCluster, name: str, namespace: str = "shop", **spec: Any) -> Manifest:
    """Create the task, or replace its spec, as a user does. Returns what is stored."""
    manifest = task(name, namespace, **spec)
    before = cluster.task_objects.get(key_of(manifest), manifest)
    return cluster.put(cluster.task_objects, {**before, "spec": manifest["spec"]})


def stored_task(**fields: Any) -> dict[str, Any]:
    """A ScheduledTask as the API server stores it."""
    metadata = {"uid": "task-uid", "generation": 1, "resourceVersion": "1"}
    return task(metadata={**metadata, **fields.pop("metadata", {})}, **fields)


def pod(namespace: str, name: str, loop: str) -> dict[str, Any]:
    """A pod that looks like one of the loop, on no node."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {names.LOOP_LABEL: loop}},
        "spec": {
            "nodeSelector": {"shop.test/place": "nowhere"},
            "containers": [{"name": "worker", "image": "shop:9"}],
        },
    }


def foreign_cron_job(name: str = "restock", namespace: str = "shop") -> dict[str, Any]:
    """A CronJob that a user created."""
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "other:1"}]}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"schedule": "5 5 5 5 *", "jobTemplate": {"spec": {"template": {"spec": pod}}}},
    }
