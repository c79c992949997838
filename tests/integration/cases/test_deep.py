"""A task's result that is nested deep fails neither the API nor any other reader."""

from pathlib import Path

from tests import cases
from tests.cluster.api_server import free_ports
from tests.support.dev_process import dev
from tests.support.waiting import eventually

CASE = Path(next(iter(cases.__path__))) / "deep.py"
TASKS = {"deep_300", "deep_980", "plain"}


def test_a_deep_result_is_left_out_of_the_record(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with dev(tmp_path, CASE.read_text(), port) as session:

        def all_completed() -> bool:
            jobs = session.get("/api/scheduler/jobs/recent?status=completed")["jobs"]
            return {job["job_name"].removeprefix("tasks.") for job in jobs} == TASKS

        eventually(all_completed, "each task has completed", timeout=60)
        answer = session.get("/api/scheduler/jobs/recent")
        assert answer["undecodable"] == []
        results = {job.job_name.removeprefix("tasks."): job.result for job in session.records()}
        assert results == {"deep_300": None, "deep_980": None, "plain": 1}
        words = {job["job_name"]: job["error_message"] for job in answer["jobs"]}
        assert "is not recorded: it is nested deeper" in words["tasks.deep_300"]
        assert "| jvscheduler: the task's result is not recorded: it is nested" in session.output
        assert words["tasks.plain"] is None
