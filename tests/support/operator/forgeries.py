"""Pods, and what makes pods, as somebody writes them who gives them labels of a task."""

import json
from dataclasses import dataclass
from typing import Any, Final

import yaml

from tests.support.operator.shop import Shop

MAKER: Final = "maker"
"""May do everything with pods, Jobs and so on, as a user with the role edit."""


@dataclass(frozen=True)
class Namespace:
    shop: Shop

    def kubectl(self, *arguments: str, user: str = MAKER, stdin: str | None = None) -> str:
        flags = ("-n", self.shop.namespace, f"--as={user}")
        return self.shop.server.kubectl(*flags, *arguments, stdin=stdin)

    def create(self, manifest: dict[str, Any], user: str = MAKER) -> None:
        self.kubectl("create", "-f", "-", user=user, stdin=yaml.safe_dump(manifest))

    def patch(self, what: str, patch: dict[str, Any], *flags: str) -> None:
        self.kubectl("patch", what, "--type=merge", f"-p={json.dumps(patch)}", *flags)

    def found(self, kind: str, label: dict[str, str]) -> list[dict[str, Any]]:
        ((key, value),) = label.items()
        return self.shop.all(kind, "-l", f"{key}={value}")


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


def job(
    name: str, labels: dict[str, str], inner: dict[str, str], selector: dict[str, str] | None = None
) -> dict[str, Any]:
    metadata = {"name": name, "labels": labels}
    spec: dict[str, Any] = {"template": template(inner)}
    if selector is not None:
        spec |= {"manualSelector": True, "selector": {"matchLabels": selector}}
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
