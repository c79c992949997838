"""What the end-to-end tests ask of an installed jvscheduler."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from jvscheduler_server.aggregation.application import GROUP, PREFIX, VERSION
from tests.cluster.errors import CommandError
from tests.cluster.plugin import RunningCluster

NAMESPACE = "jvscheduler"
SHOP = "shop"

_API_SERVICE = f"apiservice/{VERSION}.{GROUP}"
_RECORDS = (
    "select jsonb_set(data->'context', '{{id}}', to_jsonb(id)) from jvscheduler.object"
    " where entity = 'ScheduledJob' and data->'context'->>'job_name' = '{}'"
)


LOOPS = "loops"
"""A namespace whose tasks are all served by loops."""

FAULTS = "faults"
"""A namespace whose tasks run while faults happen."""


@dataclass(frozen=True)
class Installation:
    """Reads go through the API server, as a user's do: no port-forward to lose on a restart."""

    cluster: RunningCluster

    def get(self, path: str, **query: object) -> dict[str, Any]:
        """The monitoring API's answer."""
        ask = ("get", "--raw", f"{PREFIX}{path}?{urlencode(query)}")
        try:
            text = self.cluster.kubectl(*ask)
        except CommandError as error:
            if "ServiceUnavailable" not in error.output:
                raise
            # The API server has not yet seen that a new pod of the server is ready.
            self.cluster.kubectl("wait", _API_SERVICE, "--for=condition=Available", "--timeout=60s")
            text = self.cluster.kubectl(*ask)
        answer: dict[str, Any] = json.loads(text)
        return answer

    def jobs(self, task_id: str, **query: object) -> list[dict[str, Any]]:
        """The task's recent jobs as the API tells them, newest first."""
        recent = self.get("/api/scheduler/jobs/recent", limit=1000, **query)
        return [job for job in recent["jobs"] if job["job_name"] == task_id]

    def records(self, task_id: str) -> list[dict[str, Any]]:
        """The task's records as PostgreSQL has them."""
        rows = self.cluster.kubectl(
            *("exec", "-n", NAMESPACE, f"{NAMESPACE}-postgresql-0", "--"),
            *("psql", "-U", "postgres", "-d", "jvscheduler"),
            *("-Atc", _RECORDS.format(task_id)),
        )
        return [json.loads(row) for row in rows.splitlines()]

    def objects(self, kind: str, namespace: str = SHOP, **labels: str) -> list[dict[str, Any]]:
        selector = ",".join(f"{k}={v}" for k, v in labels.items())
        found = self.cluster.kubectl("get", kind, "-n", namespace, "-l", selector, "-o", "json")
        items: list[dict[str, Any]] = json.loads(found)["items"]
        return items

    def object(self, kind: str, name: str, namespace: str = SHOP) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self.cluster.kubectl("get", kind, name, "-n", namespace, "-o", "json")
        )
        return found

    def condition(self, name: str, condition: str) -> dict[str, Any]:
        """One condition of a ScheduledTask; an empty dict when it has none such yet."""
        status = self.object("scheduledtask", name).get("status", {})
        found = [c for c in status.get("conditions", []) if c["type"] == condition]
        return found[0] if found else {}

    def verify(self, namespace: str, since: str) -> str:
        """What `jvscheduler verify` says where the database is to be reached; raises for a
        history with findings."""
        return self.cluster.kubectl(
            *("exec", "-n", NAMESPACE, "deploy/jvscheduler-server", "--"),
            *("python", "-m", "jvscheduler.cli", "verify", "--namespace", namespace),
            *("--from", since, "--grace", "90s"),
        )


@dataclass(frozen=True)
class InNamespace:
    """The monitoring API, as if the cluster had this namespace only."""

    installation: Installation
    namespace: str

    def get(self, path: str, **query: object) -> dict[str, Any]:
        answer = self.installation.get(path, **query)
        if "jobs" in answer:
            return {**answer, "jobs": self._own(answer["jobs"])}
        if "scheduler" not in answer:  # the page of one job
            return answer
        scheduler = answer["scheduler"]
        return {**answer, "scheduler": {**scheduler, "tasks": self._own(scheduler["tasks"])}}

    def _own(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [item for item in items if item["namespace"] == self.namespace]
