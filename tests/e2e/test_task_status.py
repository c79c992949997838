"""kubectl alone tells how a task's jobs end, on both backends."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from tests.e2e.installation import SHOP, Installation
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def failing(installation: Installation, faulty: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """A task that always fails, by backend."""
    task = installation.object("scheduledtask", faulty["raises"])
    spec = {**task["spec"], "taskID": "raises-in-a-loop", "backend": "Loop"}
    looped = {
        **{field: task[field] for field in ("apiVersion", "kind")},
        "metadata": {"name": "raises-in-a-loop", "namespace": SHOP},
        "spec": {**spec, "schedule": "every 20 seconds"},
    }
    installation.cluster.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(looped))
    yield {"CronJob": faulty["raises"], "Loop": "raises-in-a-loop"}
    installation.cluster.kubectl("delete", "scheduledtask", "raises-in-a-loop", "-n", SHOP)


@pytest.mark.parametrize("backend", ["CronJob", "Loop"])
def test_a_task_that_always_fails_says_so(
    backend: str, installation: Installation, failing: Mapping[str, str]
) -> None:
    name = failing[backend]

    def status() -> dict[str, Any] | None:
        found: dict[str, Any] = installation.object("scheduledtask", name).get("status", {})
        return found if found.get("consecutiveFailures", 0) > 1 else None

    found = eventually(status, f"{name} has failed twice", 240)
    assert found["backend"] == backend
    assert (found["lastJob"]["status"], found["lastJob"]["reason"]) == ("failed", "TaskRaised")
    assert found["lastScheduleTime"] >= found["lastJob"]["scheduledTime"]
    assert "lastSuccessfulTime" not in found
    conditions = {c["type"]: c for c in found["conditions"]}
    assert conditions["Ready"]["status"] == "True"
    assert conditions["Failing"]["reason"] == "TaskRaised"
    assert "the warehouse is on fire" in conditions["Failing"]["message"]
    kubectl = installation.cluster.kubectl
    described = kubectl("describe", "scheduledtask", name, "-n", SHOP)
    assert "Warning  TaskRaised" in described
    head, row = kubectl("get", "scheduledtask", name, "-n", SHOP).splitlines()
    assert row[head.index("RESULT") :].startswith("failed ")
    assert row[head.index("LAST") :].split()[0].endswith("s")
