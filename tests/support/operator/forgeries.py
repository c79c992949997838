"""Pods, and what makes pods, as somebody writes them who gives them labels of a task."""

from typing import Any


def pod(name: str, labels: dict[str, str] | None = None, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {}, **metadata},
        "spec": {"containers": [{"name": "task", "image": "shop:1"}]},
    }


def template(labels: dict[str, str]) -> dict[str, Any]:
    containers = [{"name": "task", "image": "shop:1"}]
    spec = {"containers": containers, "restartPolicy": "Never"}
    return {"metadata": {"labels": labels}, "spec": spec}


def job(name: str, labels: dict[str, str], inner: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "labels": labels}
    spec = {"template": template(inner)}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def cron_job(
    name: str, labels: dict[str, str], of_jobs: dict[str, str], of_pods: dict[str, str]
) -> dict[str, Any]:
    jobs = {"metadata": {"labels": of_jobs}, "spec": {"template": template(of_pods)}}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "labels": labels},
        "spec": {"schedule": "0 0 1 1 *", "jobTemplate": jobs},
    }


def replicated(
    kind: str, name: str, labels: dict[str, str], inner: dict[str, str]
) -> dict[str, Any]:
    """A ReplicaSet, a Deployment or a StatefulSet of one pod."""
    selector = {"app": name}
    pods = template(inner | selector)
    pods["spec"]["restartPolicy"] = "Always"
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "labels": labels},
        "spec": {"replicas": 1, "selector": {"matchLabels": selector}, "template": pods},
    }
