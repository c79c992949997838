"""What a pod of a namespace can do with its address of the history, and what it cannot."""

import json
from typing import Any

import pytest
import yaml

from jvscheduler.names import DATABASE_SECRET, DATABASE_SECRET_KEY, LOOP_LABEL, TASK_LABEL
from tests.cluster.errors import CommandError
from tests.cluster.plugin import Images
from tests.e2e.installation import SHOP, Installation
from tests.support.waiting import eventually

OTHER = "neighbour"
REFUSED = {
    "read another namespace": "SELECT * FROM ns_neighbour.object",
    "read all namespaces": "SELECT * FROM jvscheduler.object",
    "delete from another namespace": "DELETE FROM ns_neighbour.object",
    "run a program": "COPY ns_shop.object FROM PROGRAM 'id'",
    "read a file": "SELECT pg_read_file('/etc/passwd')",
    "become the server": "SET ROLE jvscheduler_server",
    "become the superuser": "SET ROLE postgres",
    "make a role": "CREATE ROLE other SUPERUSER",
    "make a namespace": "SELECT jvscheduler.make_namespace('neighbour', 'known')",
    "make a table": "CREATE TABLE ns_shop.own (id text)",
    "drop its table": "DROP TABLE ns_shop.object",
    "make a temporary table": "CREATE TEMP TABLE own (id text)",
    "write a large object": "SELECT lo_create(0)",
    "claim in another's name": (
        "INSERT INTO ns_shop.object (id, entity, data) VALUES ('o.ScheduledJob.x', 'ScheduledJob',"
        ' \'{"id": "o.ScheduledJob.x", "entity": "ScheduledJob",'
        ' "context": {"namespace": "neighbour"}}\')'
    ),
}
PROBE = """
import asyncio, asyncpg, json, os, sys

async def attempt(connection, statement):
    try:
        await connection.execute(statement)
    except asyncpg.PostgresError as error:
        return error.sqlstate
    return "done"

async def main():
    url = os.environ["JVSCHEDULER_DATABASE_URL"].partition("?")[0]
    connection = await asyncpg.connect(url)
    own = await connection.fetchrow(
        "SELECT current_user AS role, rolsuper OR rolcreaterole AS is_strong,"
        " (SELECT count(*) FROM ns_shop.object WHERE entity = 'ScheduledJob') AS jobs"
        " FROM pg_roles WHERE rolname = current_user")
    attempts = {n: await attempt(connection, s) for n, s in json.loads(sys.argv[1]).items()}
    print(json.dumps({**own, "attempts": attempts}))

asyncio.run(main())
"""


def pod(image: str) -> dict[str, Any]:
    """With what a task's pod has: its image, no token, and the address in the Secret."""
    reference = {"name": DATABASE_SECRET, "key": DATABASE_SECRET_KEY}
    container = {
        "name": "probe",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-c", PROBE, json.dumps(REFUSED)],
        "env": [{"name": "JVSCHEDULER_DATABASE_URL", "valueFrom": {"secretKeyRef": reference}}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "isolation-probe", "namespace": SHOP},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
        },
    }


@pytest.fixture(scope="module")
def probed(installation: Installation, images: Images) -> dict[str, Any]:
    """The answers to the attempts, in a namespace whose neighbour has a task too."""
    kubectl = installation.cluster.kubectl
    neighbour = installation.objects("scheduledtask")[0]
    neighbour["metadata"] = {"name": neighbour["metadata"]["name"], "namespace": OTHER}
    kubectl("create", "namespace", OTHER)
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(neighbour))
    try:
        eventually(
            lambda: kubectl("get", "secret", DATABASE_SECRET, "-n", OTHER, "--ignore-not-found"),
            "the neighbour has its Secret",
        )
        eventually(lambda: any_completed(installation), "the history has a job")
        kubectl("apply", "-f", "-", stdin=yaml.safe_dump(pod(images.shop)))
        where = ("-n", SHOP, "pod/isolation-probe")
        kubectl("wait", *where, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=120s")
        answers: dict[str, Any] = json.loads(kubectl("logs", *where))
    finally:
        kubectl("delete", "namespace", OTHER, "--wait=false")
        kubectl("delete", "pod", "isolation-probe", "-n", SHOP, "--ignore-not-found")
    return answers


def any_completed(installation: Installation) -> bool:
    recent = installation.get("/api/scheduler/jobs/recent", limit=1000)["jobs"]
    return any(job["namespace"] == SHOP and job["status"] == "completed" for job in recent)


def test_a_pod_logs_in_as_its_namespace_and_reads_its_own_jobs(probed: dict[str, Any]) -> None:
    assert probed["role"] == "ns_shop"
    assert probed["is_strong"] is False
    assert probed["jobs"] > 0


@pytest.mark.parametrize("attempt", REFUSED)
def test_a_pod_cannot(attempt: str, probed: dict[str, Any]) -> None:
    # 42501: insufficient_privilege; 23514: check_violation, of the namespace's own table.
    assert probed["attempts"][attempt] in ("42501", "23514")


@pytest.mark.parametrize("label", [TASK_LABEL, LOOP_LABEL])
def test_nobody_makes_a_pod_of_a_task_by_hand(
    label: str, installation: Installation, images: Images
) -> None:
    forged = pod(images.shop)
    forged["metadata"] |= {"name": "forged", "labels": {label: "shop-tasks-restock"}}
    with pytest.raises(CommandError, match=r"policy\.podCreators"):
        installation.cluster.kubectl("create", "-f", "-", stdin=yaml.safe_dump(forged))
