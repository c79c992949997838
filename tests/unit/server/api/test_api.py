"""The API over a history and a cluster in memory."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jvscheduler.outcomes import Outcome
from jvscheduler_server.access.same_origin import OWN_HEADER, OWN_VALUE
from jvscheduler_server.api.problems import HISTORY_AWAY
from jvscheduler_server.cluster.objects import TaskState
from tests.support.history.outcomes import begun, completed, failed, of_job
from tests.support.server.in_memory import AWAY, Served
from tests.support.server.task_pods import JOB, ended_pod, task_pod, waiting_pod

RECENT = "/api/scheduler/jobs/recent"
STATUS = "/api/scheduler/status"
HISTORY = "/api/v1/history"


@pytest.fixture
def served() -> Served:
    return Served()


def today(outcome: Outcome) -> Outcome:
    """The same, a few minutes ago."""
    shift = datetime.now(UTC) - timedelta(minutes=10) - begun().start_time
    end = outcome.completion_time and outcome.completion_time + shift
    return replace(outcome, start_time=outcome.start_time + shift, completion_time=end)


def test_a_recent_job_has_the_keys_that_jvspatial_users_know(served: Served) -> None:
    served.record(today(failed(begun())))
    answer = served.get(RECENT)
    assert set(answer) == {"jobs", "total_found", "filters", "undecodable", "next_cursor"}
    assert answer["filters"] == {"status": None, "hours_back": 24, "namespaces": None}
    (job,) = answer["jobs"]
    assert job["id"] == begun().job_id
    assert job["job_name"] == "shop.tasks.restock"
    assert (job["status"], job["reason"]) == ("failed", "TaskRaised")
    assert job["duration_seconds"] == 2
    assert job["error_message"] == "ValueError: no stock"
    assert datetime.fromisoformat(job["execution_time"]) < datetime.now(UTC)
    assert [attempt["attempt_id"] for attempt in job["attempts"]] == ["pod-a"]


def test_a_recent_job_is_joined_with_its_pod(served: Served) -> None:
    served.record(today(begun()))
    served.cluster.seen_pods = [ended_pod(reason="OOMKilled", message="")]
    (job,) = served.get(RECENT)["jobs"]
    assert job["pod"] == {
        "name": "pod-a",
        "namespace": "shop",
        "phase": "Failed",
        "node": "node-1",
        "restarts": 0,
        "reason": "OOMKilled",
        "message": "",
    }


def test_jobs_are_chosen_by_status_hours_and_limit(served: Served) -> None:
    served.record(*(today(completed(of_job(n))) for n in range(3)), today(failed(of_job(4))))
    completed_jobs = served.get(RECENT, status="completed", hours=0.9, limit=2)
    assert [job["status"] for job in completed_jobs["jobs"]] == ["completed", "completed"]
    assert completed_jobs["total_found"] == 3
    expected = {"status": "completed", "hours_back": 0.9, "namespaces": None}
    assert completed_jobs["filters"] == expected
    assert served.get(RECENT, hours=0.01)["total_found"] == 0


def test_a_pod_without_a_record_is_a_pending_job(served: Served) -> None:
    served.cluster.seen_pods = [waiting_pod(job=replace(JOB, scheduled_time=datetime.now(UTC)))]
    (job,) = served.get(RECENT)["jobs"]
    assert (job["status"], job["reason"]) == ("pending", "ImagePullFailed")
    assert (job["pod"]["phase"], job["pod"]["reason"]) == ("Pending", "ErrImagePull")
    assert served.get(RECENT, status="pending")["total_found"] == 1
    assert served.get(RECENT, status="running")["total_found"] == 0


def test_a_running_job_is_not_pending_as_well(served: Served) -> None:
    served.record(today(begun()))
    served.cluster.seen_pods = [task_pod(job=replace(JOB, scheduled_time=datetime.now(UTC)))]
    assert served.get(RECENT, status="pending")["total_found"] == 0
    assert served.get(RECENT)["total_found"] == 1


def test_a_status_has_the_keys_that_jvspatial_users_know(served: Served) -> None:
    served.record(completed(of_job(1)), completed(of_job(2)), failed(of_job(3)), begun())
    answer = served.get(STATUS)
    assert set(answer) == {"scheduler", "job_statistics", "timestamp"}
    assert answer["job_statistics"] == {
        "total_jobs": 4,
        "completed_jobs": 2,
        "failed_jobs": 1,
        "success_rate": pytest.approx(200 / 3),
        "pending_jobs": 0,
        "running_jobs": 1,
        "timeout_jobs": 0,
        "missed_jobs": 0,
        "skipped_jobs": 0,
    }


def test_a_history_without_jobs_has_a_success_rate_of_0(served: Served) -> None:
    assert served.get(STATUS)["job_statistics"]["success_rate"] == 0


def test_the_status_lists_tasks_in_order_with_their_running_jobs(served: Served) -> None:
    served.record(begun())
    served.cluster.seen_tasks = [
        TaskState("shop.tasks.restock", "restock", "shop", "daily"),
        TaskState("shop.tasks.audit", "audit", "shop", "weekly", suspended=True),
    ]
    scheduler = served.get(STATUS)["scheduler"]
    assert (scheduler["backend"], scheduler["synced"]) == ("kubernetes", True)
    assert (scheduler["task_count"], scheduler["suspended_count"]) == (2, 1)
    tasks = [(task["task_id"], task["running_jobs"]) for task in scheduler["tasks"]]
    assert tasks == [("shop.tasks.audit", 0), ("shop.tasks.restock", 1)]


@pytest.mark.parametrize(
    ("query", "parameter", "detail"),
    [
        ({"status": "done"}, "status", "'pending', 'running', 'completed'"),
        ({"hours": "0"}, "hours", "greater than 0, got '0'"),
        ({"hours": "8761"}, "hours", "less than or equal to 8760, got '8761'"),
        ({"hours": "nan"}, "hours", "finite number"),
        ({"hours": "a day"}, "hours", "valid number"),
        ({"limit": "0"}, "limit", "greater than or equal to 1"),
        ({"limit": "1001"}, "limit", "less than or equal to 1000"),
        ({"limit": "1.5"}, "limit", "valid integer"),
        (
            {"statuss": "failed"},
            "statuss",
            "this path takes namespace, status, hours, limit, cursor",
        ),
    ],
)
def test_a_parameter_that_is_refused_is_named_with_what_is_allowed(
    served: Served, query: dict[str, str], parameter: str, detail: str
) -> None:
    problem = served.problem(RECENT, 422, **query)
    (error,) = problem["errors"]
    assert error["parameter"] == parameter
    assert detail in error["detail"]
    assert problem["detail"] == f"{parameter}: {error['detail']}"


def test_a_parameter_that_is_given_twice_is_refused(served: Served) -> None:
    response = served.client.get(f"{RECENT}?status=failed&limit=1&status=completed")
    assert response.status_code == 422
    assert response.json()["errors"] == [
        {"parameter": "status", "detail": "given 2 times; give it once"}
    ]


@pytest.mark.parametrize("path", [STATUS, RECENT, "/livez", "/readyz", "/docs", "/openapi.json"])
def test_head_works_where_get_does(served: Served, path: str) -> None:
    answer, head = served.client.get(path), served.client.head(path)
    assert (head.status_code, head.headers["content-type"]) == (
        answer.status_code,
        answer.headers["content-type"],
    )


def test_head_has_the_status_of_a_problem(served: Served) -> None:
    assert served.client.head(f"{RECENT}?hours=0").status_code == 422


def test_a_task_whose_id_an_older_one_has_shows_none_of_its_jobs(served: Served) -> None:
    served.record(begun())
    older = TaskState(begun().task_id, "restock", begun().namespace or "", "every minute")
    younger = replace(
        older, name="a-second", ready=False, reason="Conflict: restock", is_conflicting=True
    )
    served.cluster.seen_tasks = [older, younger]
    shown = served.get(STATUS)["scheduler"]["tasks"]
    assert [
        (t["name"], t["ready"], t["reason"], t["running_jobs"], t["last_schedule_time"] is None)
        for t in shown
    ] == [
        ("a-second", False, "Conflict: restock", 0, True),
        ("restock", True, None, 1, False),
    ]


def test_the_last_due_instant_of_a_task_without_a_cron_job_is_the_historys(served: Served) -> None:
    instants = [of_job(n).scheduled_time for n in (1, 2)]
    served.record(*(completed(of_job(n)) for n in (1, 2)))
    cron_job_time = datetime(2020, 1, 1, tzinfo=UTC)
    ours = TaskState(begun().task_id, "restock", begun().namespace or "", "every minute")
    served.cluster.seen_tasks = [
        ours,
        replace(ours, task_id="shop.tasks.new", name="new"),
        replace(ours, namespace="other", last_schedule_time=cron_job_time),
    ]
    last = [task["last_schedule_time"] for task in served.get(STATUS)["scheduler"]["tasks"]]
    assert [text and datetime.fromisoformat(text) for text in last] == [
        cron_job_time,
        None,
        instants[-1],
    ]


def test_a_path_without_parameters_refuses_any(served: Served) -> None:
    problem = served.problem("/api/v1/jobs/x", 422, verbose="yes")
    assert problem["detail"] == "verbose: unknown parameter; this path takes none"


def test_an_unknown_path_is_a_problem(served: Served) -> None:
    assert "/docs" in served.problem("/api/scheduler/nothing", 404)["detail"]


def test_a_method_that_is_not_allowed_is_a_problem(served: Served) -> None:
    response = served.client.post(STATUS, headers={OWN_HEADER: OWN_VALUE})
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"] == f"{STATUS} does not take POST; use GET, HEAD."


@pytest.mark.parametrize("path", [STATUS, RECENT])
def test_a_history_that_is_away_is_a_problem_with_retry_after(
    served: Served, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    served.store.away = True
    detail = served.problem(path, 503)["detail"]
    assert detail == HISTORY_AWAY
    assert AWAY in caplog.text  # the log has what the driver says
    assert served.client.get(path).headers["retry-after"] == "10"
    served.store.away = False
    served.get(path)


def test_the_cause_of_an_error_is_in_the_log_only(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> tuple[()]:
        raise RuntimeError("postgresql://user:secret@host")

    served.cluster.tasks = fail  # type: ignore[method-assign]
    assert "secret" not in served.problem(STATUS, 500)["detail"]
    assert "secret" in caplog.text


def test_it_is_alive_and_ready_while_the_history_is_away(served: Served) -> None:
    served.store.away = True
    assert served.get("/livez") == {"status": "ok"}
    assert served.get("/readyz") == {"status": "ok", "checks": {"cluster": "ok"}}


def test_it_is_not_ready_before_the_cluster_is_synced(served: Served) -> None:
    served.cluster.synced = False
    response = served.client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["status"] == "failing"
    assert "has not arrived" in response.json()["checks"]["cluster"]


def test_every_answer_is_documented(served: Served) -> None:
    document = served.get("/openapi.json")
    probes = {"/livez", "/readyz"}
    assert set(document["paths"]) == {STATUS, RECENT, HISTORY, "/api/v1/jobs/{job_id}"} | probes
    for path in set(document["paths"]) - probes:
        for operation in document["paths"][path].values():
            for status in ("422", "429", "503"):
                content = operation["responses"][status]["content"]
                assert list(content) == ["application/problem+json"], path
    assert [p["name"] for p in document["paths"][RECENT]["get"]["parameters"]] == [
        "namespace",
        "status",
        "hours",
        "limit",
        "cursor",
    ]
    assert served.client.get("/docs").status_code == 200


def test_the_missing_namespaces_that_the_caller_may_see_are_named(served: Served) -> None:
    served.cluster.missing_namespaces = ["shop", "bank"]
    assert served.get(STATUS)["scheduler"]["missing_namespaces"] == ["bank", "shop"]
