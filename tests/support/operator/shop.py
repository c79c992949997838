"""A namespace of tasks on a real API server, for the operator's tests."""

import json
from dataclasses import dataclass
from typing import Any

import yaml

from jvscheduler import names
from tests.cluster.api_server import ApiServer
from tests.support.operator.custom_resource import install_crd
from tests.support.operator.objects import task
from tests.support.waiting import eventually

TASKS = f"{names.PLURAL}.{names.GROUP}"


@dataclass(frozen=True)
class Shop:
    server: ApiServer
    namespace: str

    def apply(self, *manifests: dict[str, Any]) -> None:
        """Apply as a user does. Raises with kubectl's message when refused."""
        self.server.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(manifests))

    def apply_task(self, name: str, **spec: Any) -> None:
        self.apply(task(name, self.namespace, **spec))

    def delete(self, kind: str, name: str) -> None:
        self.server.kubectl("-n", self.namespace, "delete", kind, name, "--wait=false")

    def patch(self, kind: str, name: str, patch: dict[str, Any], *flags: str) -> None:
        arguments = [
            "-n",
            self.namespace,
            "patch",
            kind,
            name,
            "--type=merge",
            f"-p={json.dumps(patch)}",
        ]
        self.server.kubectl(*arguments, *flags)

    def find(self, kind: str, name: str) -> dict[str, Any] | None:
        arguments = ["-n", self.namespace, "get", kind, name, "-o", "json", "--ignore-not-found"]
        text = self.server.kubectl(*arguments)
        found: dict[str, Any] | None = json.loads(text) if text else None
        return found

    def all(self, kind: str, *flags: str) -> list[dict[str, Any]]:
        text = self.server.kubectl("-n", self.namespace, "get", kind, "-o", "json", *flags)
        items: list[dict[str, Any]] = json.loads(text)["items"]
        return items

    def task(self, name: str) -> dict[str, Any]:
        found = self.find(TASKS, name)
        assert found is not None, f"the ScheduledTask {name} is there"
        return found

    def cron_job(self, name: str) -> dict[str, Any]:
        found = self.find("cronjob", name)
        assert found is not None, f"the CronJob {name} is there"
        return found

    def conditions(self, name: str) -> dict[str, tuple[str, str]]:
        """Status and reason by type. Fails while the status is about an earlier spec."""
        found = self.task(name)
        status = found.get("status", {})
        assert status.get("observedGeneration") == found["metadata"]["generation"], status
        return {c["type"]: (c["status"], c["reason"]) for c in status["conditions"]}

    def wait_for(self, name: str, condition: str, status: str, reason: str) -> dict[str, Any]:
        """Wait until the task has the condition. Returns the task."""
        eventually(
            lambda: self.conditions(name).get(condition) == (status, reason),
            f"{name} is {condition}={status} for {reason}",
            timeout=60,
        )
        return self.task(name)

    def wait_until_ready(self, name: str) -> dict[str, Any]:
        return self.wait_for(name, "Ready", "True", "CronJobReady")

    def wait_until_looped(self, name: str) -> str:
        """Wait until a loop serves the task. Returns the Deployment's name."""
        loop: str = self.wait_for(name, "Ready", "True", "LoopReady")["status"]["loop"]
        return loop

    def wait_for_field(self, name: str, field: str, value: object) -> None:
        """Wait until a field of the status has this value."""
        eventually(
            lambda: self.task(name).get("status", {}).get(field) == value,
            f"{name} has {field}={value}",
            timeout=60,
        )

    def event_reasons(self, name: str) -> list[str]:
        selector = f"--field-selector=involvedObject.name={name},involvedObject.kind={names.KIND}"
        return [event["reason"] for event in self.all("events", selector)]


def open_shop(server: ApiServer, namespace: str) -> Shop:
    """Create a namespace, with the custom resource installed."""
    install_crd(server)
    server.kubectl("create", "namespace", namespace)
    return Shop(server, namespace)
