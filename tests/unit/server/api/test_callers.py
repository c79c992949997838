"""Every path of the application, for callers who may see all, something or nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from jvscheduler.outcomes import Outcome, Status
from jvscheduler_server.access.kubernetes import KubernetesGate
from jvscheduler_server.access.loopback import LoopbackGate
from jvscheduler_server.access.reviews import Reviews
from jvscheduler_server.api.app import create_app
from jvscheduler_server.api.callers import PROBES
from jvscheduler_server.cluster.objects import TaskState
from jvscheduler_server.repair.attempts.decide_pods import outcome_of_pod
from tests.support.history.outcomes import begun, failed, of_job
from tests.support.server.in_memory import FakeCluster, FlakyHistory, Served
from tests.support.server.paths import every_path
from tests.support.server.scripted_reviews import ScriptedReviews
from tests.support.server.task_pods import converted, terminated, waiting

RECENT, STATUS = "/api/scheduler/jobs/recent", "/api/scheduler/status"
SEE, LOGS = ("list", "scheduledtasks"), ("get", "pods/log")


def now(outcome: Outcome) -> Outcome:
    """The same, a moment ago."""
    shift = datetime.now(UTC) - timedelta(minutes=10) - begun().start_time
    end = outcome.completion_time and outcome.completion_time + shift
    return replace(outcome, start_time=outcome.start_time + shift, completion_time=end)


class Guarded(Served):
    """Two tenants with a task and a failed job each, one of the past, and different callers."""

    def __init__(self) -> None:
        self.reviews = ScriptedReviews(
            tokens={name: {"username": name} for name in ("admin", "shop", "viewer", "nobody")},
            rights={
                ("admin", *SEE, ""),
                ("admin", *LOGS, ""),
                ("shop", *SEE, "shop"),
                ("shop", *LOGS, "shop"),
                ("viewer", *SEE, "shop"),
                ("viewer", *SEE, "bank"),
                ("viewer", *SEE, "past"),
            },
        )
        super().__init__(KubernetesGate(Reviews(self.reviews, lambda: 0.0)))
        for number, namespace in enumerate(("shop", "bank", "past")):
            name = f"{namespace}-report"
            if namespace != "past":  # its last task is gone
                self.cluster.seen_tasks.append(TaskState(name, name, namespace, "every minute"))
            ended = failed(of_job(number, namespace=namespace, log_tail="printed"))
            self.record(now(ended))

    def ask(self, token: str, path: str, **query: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.client.get(path, params=query, headers=headers)


def page_of(job: dict[str, Any]) -> str:
    return f"/api/v1/jobs/{job['id']}"


@pytest.fixture
def guarded() -> Guarded:
    return Guarded()


@pytest.mark.parametrize(
    "path", [*every_path(), "/", "/nowhere", "/livez/", "//livez", "/livez/../docs"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
def test_a_stranger_gets_an_answer_from_the_probes_only(
    path: str, method: str, guarded: Guarded
) -> None:
    answer = guarded.client.request(method, path)
    if path in PROBES:
        assert answer.status_code in (200, 405)
        assert set(answer.json() if answer.content else {}) <= {
            *("status", "checks", "type", "title", "detail", "instance")
        }
        return
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert guarded.reviews.asked == []


def test_a_websocket_is_closed(guarded: Guarded) -> None:
    connecting = guarded.client.websocket_connect("/api/scheduler/events")
    with pytest.raises(WebSocketDisconnect) as closed, connecting:
        pass
    assert closed.value.code == 1008


@pytest.mark.parametrize("path", sorted({*every_path()} - PROBES))
def test_while_the_api_server_is_away_nobody_comes_in(path: str, guarded: Guarded) -> None:
    guarded.reviews.away = True
    answer = guarded.ask("admin", path)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "10"
    assert "secret-host" not in answer.text


def test_who_may_see_all_sees_all(guarded: Guarded) -> None:
    recent = guarded.ask("admin", RECENT).json()
    assert [job["namespace"] for job in recent["jobs"]] == ["past", "bank", "shop"]
    assert (recent["total_found"], recent["filters"]["namespaces"]) == (3, None)
    pages = [guarded.ask("admin", page_of(job)).json() for job in recent["jobs"]]
    assert all(page["traceback"] and page["log_tail"] for page in pages)
    assert all(page["withheld"] == [] for page in pages)
    status = guarded.ask("admin", STATUS).json()
    assert status["scheduler"]["task_count"] == 2
    assert status["job_statistics"]["failed_jobs"] == 3


def seen_by_name(guarded: Guarded, token: str, namespace: str) -> set[str]:
    """The namespaces in both lists; they agree with all numbers."""
    recent = guarded.ask(token, RECENT, namespace=namespace).json()
    status = guarded.ask(token, STATUS, namespace=namespace).json()
    found = {job["namespace"] for job in recent["jobs"]}
    tasks = {task["namespace"] for task in status["scheduler"]["tasks"]}
    assert tasks == found - {"past"}
    assert recent["total_found"] == status["job_statistics"]["total_jobs"] == len(found)
    named = recent["filters"]["namespaces"]
    assert named == status["scheduler"]["namespaces"]
    assert found <= set(named) <= {namespace}
    return found


@pytest.mark.parametrize(
    ("token", "sees"),
    [
        ("admin", {"shop", "bank", "past"}),
        ("viewer", {"shop", "bank", "past"}),
        ("shop", {"shop"}),
        ("nobody", set()),
    ],
)
def test_who_names_a_namespace_sees_it_by_the_rights_there(
    token: str, sees: set[str], guarded: Guarded
) -> None:
    for namespace in ("shop", "bank", "past", "none-such"):
        assert seen_by_name(guarded, token, namespace) == sees & {namespace}


def test_a_namespace_without_tasks_is_seen_by_name_only(guarded: Guarded) -> None:
    recent = guarded.ask("viewer", RECENT).json()
    assert {job["namespace"] for job in recent["jobs"]} == {"shop", "bank"}


def test_a_hidden_namespace_is_as_one_that_is_not_there(guarded: Guarded) -> None:
    hidden, absent = (guarded.ask("shop", RECENT, namespace=n).text for n in ("bank", "none-such"))
    assert hidden == absent


@pytest.mark.parametrize("name", ["", "Shop", "a b", "-a", "a-", "a" * 64, "a/b", "a.b", "shop\n"])
def test_a_name_that_no_namespace_has_is_refused(name: str, guarded: Guarded) -> None:
    for path in (RECENT, STATUS):
        assert guarded.ask("admin", path, namespace=name).status_code == 422


def test_a_tenant_sees_its_own_in_lists_and_in_counts(guarded: Guarded) -> None:
    answer = guarded.ask("shop", RECENT)
    recent = answer.json()
    assert [job["namespace"] for job in recent["jobs"]] == ["shop"]
    assert (recent["total_found"], recent["filters"]["namespaces"]) == (1, ["shop"])
    (own,) = recent["jobs"]
    assert guarded.ask("shop", page_of(own)).json()["log_tail"] == "printed"
    answer_of_status = guarded.ask("shop", STATUS)
    status = answer_of_status.json()
    assert [task["task_id"] for task in status["scheduler"]["tasks"]] == ["shop-report"]
    assert status["scheduler"]["task_count"] == 1
    assert status["job_statistics"]["total_jobs"] == 1
    assert "bank" not in answer.text + answer_of_status.text


def test_who_may_not_read_logs_gets_no_log_and_no_traceback(guarded: Guarded) -> None:
    jobs = guarded.ask("viewer", RECENT).json()["jobs"]
    assert len(jobs) == 2
    for job in jobs:
        answer = guarded.ask("viewer", page_of(job))
        page = answer.json()
        assert (page["traceback"], page["log_tail"]) == (None, None)
        assert page["withheld"] == ["traceback", "log_tail"]
        assert page["status"] == "failed"
        assert "printed" not in answer.text
        assert "Traceback" not in answer.text


RAN = {"exitCode": 1, "reason": "Error", "startedAt": "2026-03-02T12:00:01Z"}
INIT_FAILED = {"name": "migrate", "state": {"terminated": {**RAN, "message": "card 4711"}}}


@pytest.mark.parametrize(
    "status",
    [
        terminated(137, "Error", "card 4711"),
        terminated(137, "OOMKilled", "card 4711"),
        {**waiting("PodInitializing"), "initContainerStatuses": [INIT_FAILED]},
        {"phase": "Failed", **terminated(1, "Error", "card 4711"), "reason": "Evicted"},
    ],
    ids=["killed", "out of memory", "init container", "evicted"],
)
def test_what_a_container_wrote_last_needs_the_right_to_read_logs(
    status: dict[str, Any], guarded: Guarded
) -> None:
    pod = converted(status, namespace="bank")
    pod = replace(pod, job=replace(pod.job, scheduled_time=datetime.now(UTC)))
    guarded.cluster.seen_pods = [pod]
    outcome = outcome_of_pod(pod, datetime.now(UTC))
    if outcome is not None:
        guarded.record(now(outcome))
    for token, tail, withheld in (
        ("admin", "card 4711", []),
        ("viewer", None, ["traceback", "log_tail"]),
    ):
        recent = guarded.ask(token, RECENT, namespace="bank")
        assert "4711" not in recent.text
        (job,) = [job for job in recent.json()["jobs"] if job["id"] == pod.job.id]
        page = guarded.ask(token, page_of(job)).json()
        assert (page["log_tail"], page["withheld"]) == (tail, withheld)
        assert "4711" not in str({**page, "log_tail": None})
        told = job["error_message"] or job["pod"]["message"]
        assert "exit code" in told or job["reason"] in ("OOMKilled", "Evicted")


def test_a_job_that_one_may_not_see_is_not_there(guarded: Guarded) -> None:
    jobs = guarded.ask("admin", RECENT).json()["jobs"]
    (other,) = [job for job in jobs if job["namespace"] == "bank"]
    hidden = guarded.ask("shop", page_of(other))
    absent = guarded.ask("shop", page_of({"id": "o.ScheduledJob.none"}))
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.json()["detail"] == absent.json()["detail"]


def test_who_may_see_nothing_gets_empty_lists_and_no_names(guarded: Guarded) -> None:
    recent, status = guarded.ask("nobody", RECENT), guarded.ask("nobody", STATUS)
    assert (recent.status_code, status.status_code) == (200, 200)
    assert (recent.json()["jobs"], recent.json()["total_found"]) == ([], 0)
    assert recent.json()["filters"]["namespaces"] == []
    assert status.json()["scheduler"]["tasks"] == []
    assert set(status.json()["job_statistics"].values()) == {0}
    assert "shop" not in recent.text + status.text


def test_a_job_that_waits_is_its_namespaces_too(guarded: Guarded) -> None:
    guarded.record(now(begun(job_id="o.ScheduledJob.x", namespace="bank")))
    counted = guarded.ask("shop", STATUS).json()
    assert counted["job_statistics"]["running_jobs"] == 0
    running = guarded.ask("shop", RECENT, status=Status.RUNNING).json()
    assert (running["jobs"], running["total_found"]) == ([], 0)


def test_dev_answers_this_machines_pages_only() -> None:
    app = create_app(FlakyHistory(), FakeCluster(backend="local"), LoopbackGate())
    for base, expected in (("http://127.0.0.1:8080", 200), ("http://evil.example:8080", 403)):
        client = TestClient(app, base_url=base)
        for path in (RECENT, STATUS, "/docs", "/openapi.json"):
            assert client.get(path).status_code == expected, path
