"""A loop and its worker as processes, on a real API server and a real PostgreSQL.

The tests read the history, and `jvscheduler verify` judges it.
"""

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jvscheduler.cli import main
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.store.database import open_store
from jvscheduler.outcomes import Reason, Status
from jvscheduler_server.kubernetes.cluster import WatchedKubernetesCluster
from jvscheduler_server.kubernetes.connection import connect
from jvscheduler_server.repair.former_loop_tasks.apply import FormerLoopTaskRepair
from tests.cluster.api_server import ApiServer
from tests.support.loop.process import LOOP, LoopPod, Tasks, a_loop_pod
from tests.support.operator.custom_resource import install_crd
from tests.support.runner.process import records
from tests.support.server.process import OwnPostgres, an_own_postgres
from tests.support.server.service_account import server_kubeconfig
from tests.support.waiting import eventually

pytestmark = pytest.mark.long

NAMESPACE = "loop-tests"
QUICK = "tests.support.loop.tasks:quick"
LONG = "tests.support.loop.tasks:long"
LONGER = "tests.support.loop.tasks:longer"


@pytest.fixture(scope="module")
def kubeconfig(api_server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    install_crd(api_server)
    return server_kubeconfig(api_server, NAMESPACE, tmp_path_factory.mktemp("loop"))


@pytest.fixture
def tasks(api_server: ApiServer) -> Iterator[Tasks]:
    yield Tasks(api_server, NAMESPACE)
    api_server.kubectl("-n", NAMESPACE, "delete", "scheduledtasks", "--all")


@pytest.fixture
def pod(kubeconfig: Path, postgres_url: str, tmp_path: Path) -> Iterator[LoopPod]:
    made = LoopPod(tmp_path / "pod", NAMESPACE, kubeconfig, postgres_url)
    with a_loop_pod(made):
        yield made


def of(pod: LoopPod, task: str, status: Status | None = None) -> Sequence[ScheduledJob]:
    found = [r for r in records(pod.database_url) if r.job_name == task]
    return [r for r in found if status in (None, r.status)]


def until(
    pod: LoopPod, task: str, count: int, status: Status = Status.COMPLETED
) -> Sequence[ScheduledJob]:
    def enough() -> Sequence[ScheduledJob] | None:
        found = of(pod, task, status)
        return found if len(found) >= count else None

    try:
        return eventually(enough, f"{count} jobs of {task} are {status}")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{pod.logs()[-8000:]}") from None


def assert_true_to_the_schedule(
    pod: LoopPod, began: datetime, capsys: pytest.CaptureFixture[str], grace: str = "3s"
) -> None:
    start, end = began.isoformat(), datetime.now(UTC).isoformat()
    options = ["--from", start, "--to", end, "--database", pod.database_url, "--grace", grace]
    code = main(["verify", *options])
    output = capsys.readouterr().out
    assert code == 0, f"{output}\n{pod.logs()[-8000:]}"


def test_each_instant_runs_and_an_edit_is_in_force_at_once(
    pod: LoopPod, tasks: Tasks, capsys: pytest.CaptureFixture[str]
) -> None:
    began = datetime.now(UTC)
    tasks.apply("every-two", entrypoint=QUICK, schedule="every 2 seconds")
    tasks.apply("random", entrypoint=QUICK, schedule="every 1 to 3 seconds")
    tasks.apply("of-another", entrypoint=QUICK, schedule="every second", loop="another-loop")
    (first, *_) = until(pod, "every.two", 3)
    assert (first.result, first.loop, first.log_tail) == ("done", LOOP, "quick work\n")
    until(pod, "random", 3)
    tasks.patch("every-two", schedule="every 3 seconds")
    edited = datetime.now(UTC)

    def by_the_new_one() -> bool:
        times = [r.scheduled_time for r in of(pod, "every.two") if r.scheduled_time]
        late = [t for t in times if t > edited + timedelta(seconds=2)]
        return len(late) >= 3 and all(t.timestamp() % 3 == 0 for t in late)

    eventually(by_the_new_one, "the edited schedule is in force")
    tasks.patch("random", suspend=True)
    until(pod, "random", 1, Status.SKIPPED)
    tasks.delete("every-two")
    assert of(pod, "of.another") == []
    assert_true_to_the_schedule(pod, began, capsys)


def test_a_killed_loop_loses_no_run_and_repeats_none(
    pod: LoopPod, tasks: Tasks, capsys: pytest.CaptureFixture[str]
) -> None:
    began = datetime.now(UTC)
    tasks.apply("long", entrypoint=LONG, schedule="every 5 seconds")
    tasks.apply("quick", entrypoint=QUICK, schedule="every second")
    until(pod, "long", 1, Status.RUNNING)
    pod.loop.kill()
    pod.loop.start()
    until(pod, "long", 2)
    until(pod, "quick", 5)
    assert [(r.reason, r.error_message) for r in of(pod, "long", Status.FAILED)] == []
    assert_true_to_the_schedule(pod, began, capsys)


def test_a_killed_worker_ends_its_runs_and_is_replaced(
    pod: LoopPod, tasks: Tasks, capsys: pytest.CaptureFixture[str]
) -> None:
    began = datetime.now(UTC)
    tasks.apply("longer", entrypoint=LONGER, schedule="every 20 seconds", backoffLimit=0)
    tasks.apply("quick", entrypoint=QUICK, schedule="every second")
    until(pod, "longer", 1, Status.RUNNING)
    pod.worker.kill()
    pod.worker.start()
    (lost, *_) = until(pod, "longer", 1, Status.FAILED)
    assert lost.reason == Reason.RUNNER_LOST
    known = len(of(pod, "quick", Status.COMPLETED))
    until(pod, "quick", known + 2)
    assert_true_to_the_schedule(pod, began, capsys)


def test_a_limit_of_one_holds_and_skipped_jobs_are_recorded(
    pod: LoopPod, tasks: Tasks, capsys: pytest.CaptureFixture[str]
) -> None:
    began = datetime.now(UTC)
    tasks.apply("long", entrypoint=LONG, schedule="every second")
    (skipped, *_) = until(pod, "long", 2, Status.SKIPPED)
    assert skipped.reason == Reason.CONCURRENCY_LIMIT
    until(pod, "long", 2)
    assert_true_to_the_schedule(pod, began, capsys)


def test_a_pod_that_ends_lets_its_runs_end_and_records_them(pod: LoopPod, tasks: Tasks) -> None:
    tasks.apply("long", entrypoint=LONG, schedule="every 3 seconds")
    until(pod, "long", 1, Status.RUNNING)
    pod.loop.signal(signal.SIGTERM)
    pod.worker.signal(signal.SIGTERM)
    assert (pod.loop.wait(), pod.worker.wait()) == (0, 0)
    assert {job.status for job in of(pod, "long")} == {Status.COMPLETED}


@pytest.fixture
def own_postgres() -> Iterator[OwnPostgres]:
    with an_own_postgres() as postgres:
        yield postgres


def test_while_the_database_is_away_tasks_run_and_are_recorded_later(
    kubeconfig: Path,
    own_postgres: OwnPostgres,
    tasks: Tasks,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with a_loop_pod(LoopPod(tmp_path / "pod", NAMESPACE, kubeconfig, own_postgres.url)) as pod:
        began = datetime.now(UTC)
        tasks.apply("quick", entrypoint=QUICK, schedule="every second")
        until(pod, "quick", 2)
        own_postgres.stop()
        away = datetime.now(UTC)
        log = pod.loop.log
        known = log.read_text().count("completed")
        eventually(lambda: log.read_text().count("completed") > known + 3, "tasks go on")
        pod.loop.kill()
        pod.loop.start()
        eventually(lambda: log.read_text().count("completed") > 2, "tasks go on after a restart")
        own_postgres.start()
        until(pod, "quick", 10)
        spooled = [r for r in of(pod, "quick") if r.execution_time and r.execution_time > away]
        assert spooled

        def settled() -> bool:
            """Instants of the time without a loop get their records after the spool is replayed."""
            assert_true_to_the_schedule(pod, began, capsys)
            return True

        eventually(settled, "nothing is found")


def test_a_pod_that_ends_while_the_database_is_away_waits_with_its_spool(
    kubeconfig: Path,
    own_postgres: OwnPostgres,
    tasks: Tasks,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Another one serves the tasks meanwhile. It records no spooled instant as missed."""
    first, second = (
        LoopPod(tmp_path / name, NAMESPACE, kubeconfig, own_postgres.url) for name in ("a", "b")
    )
    with a_loop_pod(first):
        began = datetime.now(UTC)
        tasks.apply("quick", entrypoint=QUICK, schedule="every second")
        until(first, "quick", 2)
        own_postgres.stop()
        log = first.loop.log
        known = log.read_text().count("completed")
        eventually(lambda: log.read_text().count("completed") > known + 3, "tasks go on")
        ran = log.read_text().count("completed")
        first.terminate()
        with a_loop_pod(second):
            eventually(lambda: "completed" in second.loop.log.read_text(), "the next one serves")
            own_postgres.start()
            first.wait()
            until(second, "quick", ran + 3)

            def settled() -> bool:
                assert_true_to_the_schedule(second, began, capsys)
                return True

            eventually(settled, "nothing is found")


def test_instants_of_a_task_that_is_deleted_while_its_loop_is_down_are_recorded(
    pod: LoopPod, tasks: Tasks, kubeconfig: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server records them. Here it gets its time as an argument."""
    began = datetime.now(UTC)
    tasks.apply("orphan", entrypoint=QUICK, schedule="every second")
    until(pod, "orphan", 2)
    pod.loop.kill()
    eventually(lambda: datetime.now(UTC) > due_next(pod, "orphan"), "the next instant has passed")

    async def swept() -> None:
        store, api = open_store(pod.database_url), await connect(str(kubeconfig))
        cluster = WatchedKubernetesCluster(api)
        repair = FormerLoopTaskRepair(store, cluster)
        await cluster.start()
        try:
            await changed(cluster, lambda: cluster.synced)
            await repair.record(datetime.now(UTC))
            tasks.delete("orphan")
            await changed(cluster, lambda: "orphan" not in {t.task_id for t in cluster.tasks()})
            seen = datetime.now(UTC)
            for seconds in (0, 30, 60):
                await repair.record(seen + timedelta(seconds=seconds))
        finally:
            await cluster.stop()
            await api.close()
            await store.close()

    asyncio.run(swept())
    assert {r.reason for r in of(pod, "orphan", Status.MISSED)} == {Reason.LOOP_DOWN}
    assert_true_to_the_schedule(pod, began, capsys, grace="0s")


def due_next(pod: LoopPod, task: str) -> datetime:
    """The instant after the last recorded one, of a task that is due each second."""
    return max(r.scheduled_time for r in of(pod, task) if r.scheduled_time) + timedelta(seconds=1)


async def changed(cluster: WatchedKubernetesCluster, to: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not to():
            await cluster.changed(1)
