"""The server writes the revisions of CronJobs, and records due instants that had no pod.

CronJobs are a real API server's, so that their times are those that it wrote.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from jvscheduler import names
from jvscheduler.cli import main
from jvscheduler.environment import MAX_CONCURRENT
from jvscheduler.history.records.instants import InstantRange
from jvscheduler.history.records.revisions import ScheduleRevision, identified
from jvscheduler.history.store.database import open_store
from jvscheduler.history.store.protocol import LoopStore
from tests.cluster.api_server import ApiServer
from tests.support.operator.custom_resource import install_crd
from tests.support.server.process import ServerProcess, a_server
from tests.support.server.service_account import server_kubeconfig
from tests.support.server.task_runs import stored_task
from tests.support.waiting import eventually

NAMESPACE = "accounts-tests"
T = TypeVar("T")


@pytest.fixture(scope="module")
def kubeconfig(api_server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    install_crd(api_server)
    return server_kubeconfig(api_server, NAMESPACE, tmp_path_factory.mktemp("server"))


@pytest.fixture
def server(kubeconfig: Path, postgres_url: str, tmp_path: Path) -> Iterator[ServerProcess]:
    with a_server(kubeconfig, postgres_url, tmp_path) as process:
        yield process


class OneTask:
    """A task with a CronJob in the cluster, and its history. kubectl plays the operator."""

    def __init__(self, name: str, api_server: ApiServer, url: str) -> None:
        self.name = name
        self.task_id = name.replace("-", ".")
        self._api_server = api_server
        self._url = url

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self._api_server.kubectl("-n", NAMESPACE, *arguments, stdin=stdin)

    def apply(self, **spec: Any) -> datetime:
        """Apply it; return the time of this edit, as the API server keeps it."""
        manifest = cron_job(self.name, self.task_id, spec)
        task = stored_task(self._api_server, NAMESPACE, self.name, self.task_id)
        manifest["metadata"]["ownerReferences"] = [task]
        text = json.dumps(manifest)
        manager = f"--field-manager={names.FIELD_MANAGER}"
        self.kubectl("apply", "--server-side", manager, "-f", "-", stdin=text)
        stored = json.loads(
            self.kubectl("get", "cronjob", self.name, "-o", "json", "--show-managed-fields")
        )
        edits = [e for e in stored["metadata"]["managedFields"] if not e.get("subresource")]
        return max(datetime.fromisoformat(edit["time"]) for edit in edits)

    def in_history(self, action: Callable[[LoopStore], Awaitable[T]]) -> T:
        async def act() -> T:
            store = open_store(self._url, create_indexes=False)
            await store.open()
            try:
                return await action(store)
            finally:
                await store.close()

        return asyncio.run(act())

    def revisions(self) -> Sequence[ScheduleRevision]:
        return self.in_history(lambda store: store.revisions(NAMESPACE, [self.task_id]))

    def revised(self, number: int) -> ScheduleRevision:
        """Wait for this many revisions; return the last."""
        revisions = eventually(
            lambda: found if len(found := self.revisions()) >= number else None,
            f"the task has {number} revisions",
        )
        assert len(revisions) == number
        return revisions[-1]


def cron_job(name: str, task_id: str, spec: dict[str, Any]) -> dict[str, Any]:
    labels = {names.TASK_LABEL: name}
    env = [{"name": MAX_CONCURRENT, "value": "2"}]
    container = {"name": names.TASK_CONTAINER, "image": "shop:1", "env": env}
    template = {
        "metadata": {"labels": labels, "annotations": {names.TASK_ID_ANNOTATION: task_id}},
        "spec": {"restartPolicy": "Never", "containers": [container]},
    }
    job = {"metadata": {"labels": labels}, "spec": {"template": template}}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "labels": labels},
        "spec": {"jobTemplate": job, "timeZone": "UTC", **spec},
    }


def test_each_definition_is_in_force_since_the_cron_job_was_edited(
    server: ServerProcess, api_server: ApiServer, postgres_url: str
) -> None:
    task = OneTask("shop-edited", api_server, postgres_url)
    created = task.apply(schedule="0 0 1 1 *")
    first = task.revised(1)
    assert (first.since, first.schedule) == (created, "0 0 1 1 *")
    assert (first.max_concurrency, first.backend) == (2, "CronJob")
    assert server.stop() == 0
    edited = task.apply(schedule="0 0 1 1 *", suspend=True)
    server.start()
    second = task.revised(2)
    assert second.suspended
    assert second.since in (edited, created + timedelta(microseconds=1))
    task.kubectl("delete", names.SINGULAR, task.name)
    assert task.revised(3).removed


def test_instants_without_a_pod_get_records_and_the_checker_agrees(
    kubeconfig: Path,
    api_server: ApiServer,
    postgres_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By its revisions the task had no controller for ten minutes, and was suspended then."""
    task = OneTask("shop-suspended", api_server, postgres_url)
    task.apply(schedule="*/1 * * * *", suspend=True)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    start, suspended = now - timedelta(minutes=30), now - timedelta(minutes=20)
    before = ScheduleRevision(
        job_name=task.task_id,
        namespace=NAMESPACE,
        schedule="*/1 * * * *",
        max_concurrency=2,
        backend="CronJob",
    )
    after = before.model_copy(update={"suspended": True})
    revisions = [identified(before, start), identified(after, suspended)]
    task.in_history(lambda store: store.add_revisions(revisions))
    with a_server(kubeconfig, postgres_url, tmp_path):
        span = (start, now - timedelta(minutes=2))
        records = eventually(
            lambda: task.in_history(
                lambda store: store.jobs_between(InstantRange(NAMESPACE, task.task_id, *span))
            ),
            "the server has recorded the instants",
        )
    reasons = [(job.status, job.reason) for job in records]
    assert reasons == [("missed", "ControllerDown")] * 10 + [("skipped", "Suspended")]
    assert records[-1].instants >= 18
    times = ["--from", start.isoformat(), "--to", span[1].isoformat(), "--grace", "0s"]
    assert main(["verify", task.task_id, *times, "--database", postgres_url]) == 0
    assert capsys.readouterr().out.endswith("28 instants of 1 tasks were due: no findings\n")
