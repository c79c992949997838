"""Contract of every mode (dev, a server, pods): what it does with the tasks of `behaviour.tasks`.

One suite, on what the monitoring API tells. Waits have a lower bound only: a
slow machine makes them longer.
"""

import json
import re
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from operator import itemgetter
from typing import Any, Protocol

import pytest

from jvscheduler.attempt.retries import draw, jitter, retry_pause
from jvscheduler.redaction import HIDDEN
from jvscheduler.schedules.jitter import start_delay
from tests.support.waiting import eventually

Job = dict[str, Any]
PERIODS_SECONDS = 420
"""More than three minutes, for a limit of two, and room for a slow machine."""

TOLD_IN_SECONDS = 1.0
"""Kubernetes tells the end of a container in whole seconds, and counts its pause from there."""
BEGINS_WITHIN_SECONDS = 0.5
"""From the recorded start of an attempt to the task's own first line, on a slow machine."""


CARD = "4929-1234-5678-9012"
"""The value of the secret variable CARD, which the mode gives its tasks."""
SECRET = {"card": CARD, "PASSWORD": "of-the-secret"}
CONFIG_MAP = {"COLOUR": "of the ConfigMap"}
"""The data of the Secret and the ConfigMap `behaviour`, which a mode makes before it starts."""


class Service(Protocol):
    def get(self, path: str, **query: Any) -> Any:
        """The monitoring API's answer."""


class BehaviourContract:
    """The `service` fixture of a subclass is a mode that runs the tasks, shared by the tests."""

    def test_a_result_is_recorded(self, service: Service) -> None:
        job = ended(service, "behaviour.tasks.returns")
        assert (job["status"], job["result"]["answer"]) == ("completed", 42)
        began = job["result"]["began"]
        assert at(job["execution_time"]) <= began <= at(job["completed_at"])
        assert at(job["scheduled_time"]) <= began
        assert (job["error_message"], job["traceback"]) == (None, None)

    def test_an_async_function_is_a_task(self, service: Service) -> None:
        job = ended(service, "behaviour.tasks.returns_async")
        assert (job["status"], job["result"]) == ("completed", ["async"])

    def test_a_walker_class_is_a_task(self, service: Service) -> None:
        job = ended(service, "behaviour.tasks.Walks")
        assert (job["status"], job["result"]) == ("completed", [{"entered": "n.Root.root"}])

    def test_a_task_gets_its_arguments_with_their_types(self, service: Service) -> None:
        job = ended(service, "behaviour.tasks.takes_args")
        expected = {"next": "2026-03-01", "note": "$(POD_NAME) ü", "count": 3}
        assert (job["status"], job["result"]) == ("completed", expected)

    def test_a_walker_gets_its_fields_with_their_types(self, service: Service) -> None:
        job = ended(service, "behaviour.tasks.TakesArgs")
        expected = {"year": 2026, "depth": 1, "entered": "n.Root.root"}
        assert (job["status"], job["result"]) == ("completed", [expected])

    @pytest.mark.parametrize("task_id", ["method-inside", "method-outside"])
    def test_a_static_method_may_have_two_tasks(self, service: Service, task_id: str) -> None:
        job = ended(service, task_id)
        assert (job["status"], job["result"]) == ("completed", task_id)

    def test_a_partial_has_what_it_has_bound_and_its_arguments(self, service: Service) -> None:
        job = ended(service, "behaviour.tasks.bound")
        expected = {"region": "eu", "day": "2026-02-28", "type": "date", "count": 3}
        assert (job["status"], job["result"]) == ("completed", expected)

    def test_an_error_is_recorded_with_its_traceback(self, service: Service) -> None:
        job = ended(service, "behaviour.tasks.raises")
        assert (job["status"], job["reason"]) == ("failed", "TaskRaised")
        assert job["error_message"] == "ValueError: no stock"
        assert "in raises" in job["traceback"]
        assert len(job["attempts"]) == 1

    def test_a_secret_that_a_task_tells_is_in_no_record(self, service: Service) -> None:
        job = ended(service, "behaviour.tasks.tells_its_secret")
        assert job["error_message"] == "ValueError: no such card: ***"
        assert job["traceback"].endswith("ValueError: no such card: ***\n")
        assert job["log_tail"] in (None, "to be charged: ***\n")  # a pod's is in Kubernetes' log
        assert CARD not in json.dumps(job)

    def test_each_attempt_is_recorded_after_a_pause_that_doubles(self, service: Service) -> None:
        job = ended(service, "behaviour.tasks.fails_each_time")
        assert (job["status"], job["retry_count"]) == ("failed", 2)
        attempts = job["attempts"]
        assert [a["number"] for a in attempts] == [1, 2, 3]
        assert {a["reason"] for a in attempts} == {"TaskRaised"}
        assert len({a["attempt_id"] for a in attempts}) == 3
        for earlier, (before, after) in enumerate(pairwise(attempts), 1):
            pause = at(after["start_time"]) - at(before["completion_time"])
            delay = jitter(earlier, draw(after["attempt_id"]))
            assert pause >= retry_pause(earlier) + delay - TOLD_IN_SECONDS

    def test_a_job_starts_after_its_jitter(self, service: Service) -> None:
        job = ended(service, "behaviour.tasks.starts_later")
        due = datetime.fromisoformat(job["scheduled_time"])
        start = due + start_delay("behaviour.tasks.starts_later", due, 15)
        assert job["status"] == "completed"
        assert job["result"] >= start.timestamp()
        assert at(job["execution_time"]) >= start.timestamp()

    def test_no_attempt_follows_a_named_exception(self, service: Service) -> None:
        job = ended(service, "behaviour.tasks.is_sold_out")
        assert (job["status"], job["reason"], job["retry_count"]) == ("failed", "TaskRaised", 2)
        assert job["error_message"] == "SoldOut: none left"
        assert len(job["attempts"]) == 1

    def test_a_further_attempt_follows_after_the_delay_of_the_task(self, service: Service) -> None:
        job = ended(service, "behaviour.tasks.fails_and_waits_longer")
        before, after = job["attempts"]
        pause = at(after["start_time"]) - at(before["completion_time"])
        assert pause >= 20 + jitter(1, draw(after["attempt_id"]), 20) - TOLD_IN_SECONDS

    def test_the_random_pause_before_a_further_attempt_is_no_run_time(
        self, service: Service
    ) -> None:
        job = ended(service, "behaviour.tasks.fails_each_time")
        for attempt in job["attempts"]:
            (began,) = re.findall(r"began at ([\d.]+)", attempt["error_message"])
            assert abs(float(began) - at(attempt["start_time"])) < BEGINS_WITHIN_SECONDS

    def test_a_job_whose_second_attempt_completes_has_completed(self, service: Service) -> None:
        job = ended(service, "recovers")
        assert (job["status"], job["result"]) == ("completed", "recovered")
        assert [a["status"] for a in job["attempts"]] == ["failed", "completed"]
        assert (job["error_message"], job["traceback"]) == (None, None)

    @pytest.mark.parametrize("function", ["hangs", "hangs_async"])
    def test_a_task_is_killed_at_its_timeout(self, service: Service, function: str) -> None:
        job = ended(service, f"behaviour.tasks.{function}")
        assert (job["status"], job["reason"]) == ("timeout", "DeadlineExceeded")
        assert "2 s" in job["error_message"]

    @pytest.mark.parametrize(("function", "limit"), [("overlaps", 1), ("overlaps_twice", 2)])
    def test_what_is_over_the_limit_is_skipped(
        self, service: Service, function: str, limit: int
    ) -> None:
        task_id = f"behaviour.tasks.{function}"

        def with_a_skip() -> list[Job] | None:
            found = by_scheduled_time(service, task_id)
            return found if any(job["status"] == "skipped" for job in found) else None

        found = eventually(with_a_skip, f"a skipped job of {function}", PERIODS_SECONDS)
        over = next(i for i, job in enumerate(found) if job["status"] == "skipped")
        assert over == limit, "as many ran as may"
        assert found[over]["reason"] == "ConcurrencyLimit"
        assert details(service, found[over])["result"] is None
        assert {job["status"] for job in found[:over]} <= {"running", "completed"}

    def test_a_job_over_the_limit_replaces_the_oldest_one(self, service: Service) -> None:
        replaced = ended(service, "behaviour.tasks.replaces")
        assert (replaced["status"], replaced["reason"]) == ("failed", "Replaced")
        after = by_scheduled_time(service, "behaviour.tasks.replaces")[1]
        assert at(replaced["completed_at"]) >= at(after["scheduled_time"])
        assert after["status"] == "running" or after["reason"] == "Replaced"

    def test_a_task_has_the_variables_of_its_pod(self, service: Service) -> None:
        job = ended(service, "behaviour.tasks.reads_its_variables")
        # No value of a Secret comes into a record, so the task returns digests.
        values = (SECRET["PASSWORD"], SECRET["PASSWORD"], CONFIG_MAP["COLOUR"])
        digests = [sha256(value.encode()).hexdigest() for value in values]
        assert job["result"] == {"variables": ["north", "hello north"], "digests": digests}
        assert job["log_tail"] in (None, f"north, {HIDDEN}\n")  # a pod's is in Kubernetes' log
        assert SECRET["PASSWORD"] not in json.dumps(job)

    def test_a_suspended_task_is_shown_and_never_runs(self, service: Service) -> None:
        ended(service, "behaviour.tasks.returns")
        tasks = service.get("/api/scheduler/status")["scheduler"]["tasks"]
        (task,) = [task for task in tasks if task["task_id"] == "behaviour.tasks.suspended"]
        assert task["suspended"]
        assert task["next_schedule_time"] is None
        found = by_scheduled_time(service, "behaviour.tasks.suspended")
        assert {(job["status"], job["reason"]) for job in found} <= {("skipped", "Suspended")}


def ended(service: Service, task_id: str) -> Job:
    """The task's first job with its details, once it has ended."""

    def first() -> Job | None:
        found = by_scheduled_time(service, task_id)
        return found[0] if found and found[0]["completed_at"] else None

    return details(service, eventually(first, f"{task_id} has ended once", PERIODS_SECONDS))


def details(service: Service, job: Job) -> Job:
    whole: Job = service.get(f"/api/v1/jobs/{job['id']}")
    return whole


def by_scheduled_time(service: Service, task_id: str) -> list[Job]:
    recent = service.get("/api/scheduler/jobs/recent", hours=1, limit=1000)["jobs"]
    return sorted((j for j in recent if j["job_name"] == task_id), key=itemgetter("scheduled_time"))


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
