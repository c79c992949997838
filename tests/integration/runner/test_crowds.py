"""More task pods than the database takes connections, all at once."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from jvscheduler.outcomes import Status
from tests.cluster.postgres import PostgresServer
from tests.support.history.crowds import connections_to, limited_role
from tests.support.runner.process import Runner, Running, records
from tests.support.waiting import eventually

pytestmark = pytest.mark.long


def test_more_pods_than_connections_are_all_claimed_and_hold_none_while_their_task_runs(
    postgres_server: PostgresServer, crowd: tuple[int, int], tmp_path: Path
) -> None:
    pods, connections = crowd
    with limited_role(postgres_server, connections) as url:
        started = _start(pods, url, tmp_path)
        # To start as many interpreters takes minutes where the processors are busy.
        eventually(lambda: all(r.runner.marker.exists() for r in started), "all run", timeout=600)
        jobs = records(url)
        assert len(jobs) == pods
        assert {job.status for job in jobs} == {Status.RUNNING}
        # A heartbeat needs a connection for a moment.
        eventually(lambda: connections_to(postgres_server, url) == 0, "all are given back")
        for running in started:
            running.process.terminate()
        ended = [running.wait() for running in started]
        assert all(end.message and end.message.recorded for end in ended)
        assert {job.status for job in records(url)} == {Status.COMPLETED}
        assert not [end.output for end in ended if "without a claim" in end.output]


def _start(pods: int, url: str, folder: Path) -> Sequence[Running]:
    """Start a pod for each of as many due instants."""
    task, options = "ends.completes_when_told", {"JVSCHEDULER_MAX_CONCURRENT": str(pods)}
    return [
        Runner(folder, task, url, f"job-{29540880 + number}", f"pod-{number}", options).start()
        for number in range(pods)
    ]
