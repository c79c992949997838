"""Lists of the API in pages of at most 1 MiB, without what only a job's own page has."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.listings import Position
from jvscheduler.outcomes import MAX_ERROR_BYTES, MAX_TRACEBACK_BYTES, Outcome
from jvscheduler.tasks import MAX_RETRIES
from jvscheduler_server.api.pages import MAX_BYTES, read_key, read_position, write_key
from jvscheduler_server.api.pages import write_position as write
from jvscheduler_server.cluster.objects import TaskState
from tests.support.history.outcomes import begun, completed, failed, of_job
from tests.support.server.in_memory import Served
from tests.support.server.task_pods import JOB, waiting_pod

RECENT = "/api/scheduler/jobs/recent"
STATUS = "/api/scheduler/status"
DETAILS = {"traceback", "result", "log_tail", "metadata"}


@pytest.fixture
def served() -> Served:
    return Served()


def ago(minutes: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes)


def at(outcome: Outcome, start: datetime) -> Outcome:
    return replace(outcome, start_time=start, completion_time=start + timedelta(seconds=1))


def pages(served: Served, path: str, **query: Any) -> list[dict[str, Any]]:
    found = [served.get(path, **query)]
    while cursor := next_cursor(found[-1]):
        found.append(served.get(path, **query, cursor=cursor))
    return found


def next_cursor(answer: dict[str, Any]) -> str | None:
    cursor: str | None = answer.get("scheduler", answer)["next_cursor"]
    return cursor


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [job["id"] for page in found for job in page["jobs"]]


def test_a_list_has_no_details_and_the_jobs_page_has_all(served: Served) -> None:
    outcome = replace(at(failed(begun()), ago(5)), result={"rows": 1}, log_tail="the end")
    served.record(outcome)
    ((listed,),) = [page["jobs"] for page in pages(served, RECENT)]
    assert not DETAILS & set(listed)
    page = served.get(f"/api/v1/jobs/{listed['id']}")
    assert {name: page[name] for name in listed} == listed
    assert set(page) - set(listed) == DETAILS | {"left_out", "withheld"}
    assert (page["result"], page["log_tail"], page["left_out"]) == ({"rows": 1}, "the end", [])
    assert page["traceback"] == outcome.traceback


def test_pages_hold_records_and_pods_each_once(served: Served) -> None:
    served.record(*(at(completed(of_job(n)), ago(n)) for n in range(1, 8)))
    pods = {f"o.ScheduledJob.waits-{n}": ago(n + 0.5) for n in range(8)}
    served.cluster.seen_pods = [
        waiting_pod(name=job_id, job=replace(JOB, id=job_id, scheduled_time=time))
        for job_id, time in pods.items()
    ]
    whole = served.get(RECENT, limit=1000)
    assert (len(whole["jobs"]), whole["total_found"], whole["next_cursor"]) == (15, 15, None)
    for limit in (1, 2, 4, 14, 15):
        found = pages(served, RECENT, limit=limit)
        assert ids(found) == ids([whole])
        assert {page["total_found"] for page in found} == {15}


def test_a_page_of_large_jobs_is_cut_at_its_bytes(served: Served) -> None:
    for number in range(12):
        outcome = failed(of_job(number), retry_count=MAX_RETRIES, error_message="€" * 2000)
        for attempt in range(MAX_RETRIES + 1):
            start = ago(90 - number) + timedelta(milliseconds=attempt)
            served.record(replace(at(outcome, start), attempt_id=f"pod-{attempt}"))
    answers = [served.client.get(RECENT, params={"limit": 100})]
    while cursor := answers[-1].json()["next_cursor"]:
        answers.append(served.client.get(RECENT, params={"limit": 100, "cursor": cursor}))
    assert len(answers) > 2
    assert len(ids([answer.json() for answer in answers])) == 12
    assert max(len(answer.content) for answer in answers) <= MAX_BYTES


def test_a_record_that_no_page_has_room_for_is_named(served: Served) -> None:
    served.record(at(completed(begun()), ago(5)))
    (job,) = asyncio.run(served.store.jobs_with_id(begun().job_id))
    huge = job.model_copy(update={"id": "o.ScheduledJob.huge", "node_name": "n" * MAX_BYTES})
    served.store._jobs[huge.id] = huge  # noqa: SLF001 - no writer of ours writes it
    answer = served.get(RECENT)
    assert (ids([answer]), answer["undecodable"]) == ([job.id], [huge.id])
    assert served.client.get(f"/api/v1/jobs/{huge.id}").status_code == 404


@pytest.mark.parametrize("field", ["result", "metadata", "traceback"])
def test_a_jobs_page_leaves_out_what_is_too_long(served: Served, field: str) -> None:
    large = {"all": "x" * MAX_BYTES} if field == "metadata" else "x" * MAX_BYTES
    job = ScheduledJob(id="o.ScheduledJob.large", execution_time=ago(5), log_tail="the end")
    served.store._jobs[job.id] = job.model_copy(update={field: large})  # noqa: SLF001
    page = served.get(f"/api/v1/jobs/{job.id}")
    assert page["left_out"] == [field]
    assert not page[field]
    assert page["log_tail"] == "the end"


def test_a_jobs_page_shows_a_pod_that_has_no_record_yet(served: Served) -> None:
    served.cluster.seen_pods = [waiting_pod(job=replace(JOB, scheduled_time=ago(1)))]
    page = served.get(f"/api/v1/jobs/{JOB.id}")
    assert (page["status"], page["reason"]) == ("pending", "ImagePullFailed")


def test_a_job_that_does_not_exist_is_a_problem(served: Served) -> None:
    assert "no job" in served.problem("/api/v1/jobs/o.ScheduledJob.none", 404)["detail"]
    assert served.client.get("/api/v1/jobs/%00").status_code == 422
    assert served.client.get(f"/api/v1/jobs/{'x' * 301}").status_code == 422


def test_tasks_come_in_pages_with_the_numbers_of_all(served: Served) -> None:
    served.cluster.seen_tasks = [
        TaskState(f"task-{n % 5}", f"name-{n}", f"space-{n % 3}", "daily", suspended=n < 4)
        for n in range(15)
    ]
    (whole,) = pages(served, STATUS)
    for limit in (1, 2, 7, 14, 15):
        found = pages(served, STATUS, limit=limit)
        tasks = [task for page in found for task in page["scheduler"]["tasks"]]
        assert tasks == whole["scheduler"]["tasks"]
        assert {page["scheduler"]["task_count"] for page in found} == {15}
        assert {page["scheduler"]["suspended_count"] for page in found} == {4}


def test_a_page_of_tasks_is_cut_at_its_bytes(served: Served) -> None:
    served.cluster.seen_tasks = [
        TaskState(f"task-{n:04}", f"name-{n}", "shop", "daily", reason="r" * 2000)
        for n in range(1000)
    ]
    first = served.client.get(STATUS)
    assert len(first.content) <= MAX_BYTES
    found = pages(served, STATUS)
    assert [len(page["scheduler"]["tasks"]) > 0 for page in found] == [True] * len(found)
    assert sum(len(page["scheduler"]["tasks"]) for page in found) == 1000


@pytest.mark.parametrize(
    "position",
    [
        Position(None, "", 50),
        Position(datetime(2026, 3, 2, 12, 0, 0, 7, UTC), "o.ScheduledJob.é-1", 3),
        Position(datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_cursor_is_read_as_it_was_written(position: Position) -> None:
    assert read_position(write(position)) == position


@pytest.mark.parametrize("cursor", ["-0-", "9999999999999999-99999-ff00", "0-0-00"])
def test_every_cursor_of_the_pattern_begins_somewhere(served: Served, cursor: str) -> None:
    served.record(at(completed(begun()), ago(5)))
    assert "jobs" in served.get(RECENT, cursor=cursor)


@pytest.mark.parametrize("cursor", ["", "x", "1-2", "0-0-0", "0-0-0g", "12345678901234567-0-"])
def test_any_other_cursor_is_refused(served: Served, cursor: str) -> None:
    (error,) = served.problem(RECENT, 422, cursor=cursor)["errors"]
    assert error["parameter"] == "cursor"


def test_a_key_is_read_as_it_was_written() -> None:
    assert read_key(write_key(("shop", "shop.täsk", "name"))) == ("shop", "shop.täsk", "name")
    assert read_key("ff0a00") == ("\ufffd", "")


def test_the_largest_record_of_a_writer_is_shown_whole(served: Served) -> None:
    error, trace = "e" * MAX_ERROR_BYTES, "t" * MAX_TRACEBACK_BYTES
    outcome = failed(begun(), error_message=error, traceback=trace, result="r" * 16_000)
    served.record(replace(at(outcome, ago(5)), log_tail="l" * 16_000))
    page = served.get(f"/api/v1/jobs/{begun().job_id}")
    assert (page["left_out"], page["traceback"]) == ([], trace)
