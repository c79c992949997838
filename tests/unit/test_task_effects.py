"""A field of a task has an effect that a user can observe. A field that only arrives has none.

The recipe is "Add a field to the spec" in CONTRIBUTING. Each field of `Task` names what it
changes: in the CronJob, in what the runner or its child does, in what the loop decides or orders.
The environment variables of the runner do not count: one that nobody uses changes nothing.
"""

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jvscheduler.attempt.child.alarm import Alarm
from jvscheduler.attempt.child.calls import bind, load, prepare_call
from jvscheduler.attempt.deadlines import Progress, exceeded
from jvscheduler.attempt.retries import retry_pause
from jvscheduler.due_instants.decide import decide
from jvscheduler.due_instants.definition import Definition
from jvscheduler.history.records.merge import first_record
from jvscheduler.history.slots.requests import SlotRequest
from jvscheduler.loop.execution.jobs import claim_of, due_job, start_order, unfinished_job
from jvscheduler.manifests.resource import resource
from jvscheduler.outcomes import Outcome, Reason, Status
from jvscheduler.runner import admission
from jvscheduler.runner.settings import PodAttempt
from jvscheduler.schedules import parse_schedule
from jvscheduler.tasks import Task
from jvscheduler.testing.history import MemoryHistory
from jvscheduler.worker.messages import Start
from jvscheduler_operator.acceptance import Refused, accept
from tests.support.task_forms import Manifest, built, cron_job, definition, in_pod

DUE = datetime(2026, 3, 2, 3, tzinfo=UTC)
PLAIN = Task("shop.restock", "os:getcwd", parse_schedule("daily at 03:00", seed="shop.restock"))
CHANGED_FIELDS: Mapping[str, Any] = {
    "task_id": "shop.restock-2",
    "entrypoint": "os:getpid",
    "schedule": parse_schedule("daily at 04:00", seed="shop.restock"),
    "enabled": False,
    "max_concurrent": 2,
    "timeout_seconds": 60,
    "retry_count": 3,
    "description": "Fills the shelves",
    "stated": {},
    "concurrency_policy": "Replace",
    "starting_deadline_seconds": 10,
    "successful_jobs_history_limit": 1,
    "failed_jobs_history_limit": 1,
    "backend": "Loop",
    "retry_delay_seconds": 20,
    "no_retry_on": ("ValueError",),
    "jitter_seconds": 60,
    "args": {"shelf": "A"},
    "args_schema": {"required": ["shelf"]},
    "template": {"spec": {"nodeSelector": {"disk": "ssd"}}},
}
"""Another value for each field of a task."""


def carrier(task: Manifest) -> object:
    """The loop or the CronJob that carries the task, the latter without the runner's variables."""
    return accept(task).loop or _without_variables(cron_job(task))


def _without_variables(made: Manifest) -> Manifest:
    (container,) = made["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    container["env"] = [v for v in container["env"] if not v["name"].startswith("JVSCHEDULER_")]
    return made


def the_carrier(task: Task) -> object:
    return carrier(built(task))


def the_cron_job(task: Task) -> object:
    return carrier(built(task, backend="CronJob"))


def attempt_in_a_pod(task: Task) -> PodAttempt:
    return in_pod(built(task)).settings.attempt(DUE)


def the_claim_of_a_pod(task: Task) -> Outcome:
    return attempt_in_a_pod(task).claim


def the_function_that_the_child_calls(task: Task) -> object:
    return load(in_pod(built(task)).settings.entrypoint)


def the_start_in_a_pod(task: Task) -> datetime | None:
    return attempt_in_a_pod(task).start_time


def the_delay_of_the_start(known: Definition) -> timedelta:
    return due_job(known, DUE).start_delay


def the_pause_in_a_pod(task: Task) -> int:
    return retry_pause(1, attempt_in_a_pod(task).retry_delay_seconds)


def the_cron_job_of_a_task_with_retries(task: Task) -> object:
    return the_cron_job(replace(task, retry_count=1))


def the_start_of_a_retry(known: Definition) -> object:
    """When a loop makes the attempt after one of an earlier loop."""
    job = due_job(known, DUE)
    ended = replace(claim_of(job, "a", DUE, "loop-a", node=None), retry_count=1)
    failed = replace(ended, status=Status.FAILED, completion_time=DUE)
    return unfinished_job(known, first_record(failed)).not_before


def the_arguments_that_the_child_passes(task: Task) -> object:
    args = in_pod(built(task)).settings.args
    return prepare_call(bind(echo, args), lambda: None, Alarm(lambda: False))()


def echo(shelf: str = "") -> str:
    return shelf


def the_answer_of_the_operator(task: Task) -> object:
    try:
        return accept(built(task)).spec.args
    except Refused as refused:
        return refused.reason


def the_admission_of_a_second_job(task: Task) -> admission.AdmissionDecision:
    second = attempt_in_a_pod(task)
    claim = replace(second.claim, job_id="first", job_name="first", attempt_id="first")

    async def admitted() -> admission.AdmissionDecision:
        store, stop = MemoryHistory(), asyncio.Event()
        await admission.admit(store, replace(second, claim=claim), stop)
        return (await admission.admit(store, second, stop)).decision

    return asyncio.run(admitted())


def the_reason_to_end_code_that_runs_for_a_minute(task: Task) -> Reason | None:
    progress = Progress(forked_at=0, is_loaded=True, started_at=0)
    return exceeded(progress, attempt_in_a_pod(task).timeout_seconds, now=60)


def decision(known: Definition) -> object:
    """What runs and what does not, when a loop looks 20 s after three o'clock, or after four."""
    looks = [DUE + timedelta(seconds=20), DUE + timedelta(hours=1, seconds=20)]
    decisions = [decide(known, look - timedelta(minutes=1), look) for look in looks]
    return [(d.start, [(s.status, s.reason) for s in d.stretches]) for d in decisions]


def order(known: Definition) -> Start:
    """What the worker gets for a job, without the variables."""
    job = due_job(known, DUE)
    claim = claim_of(job, "attempt-a", DUE, "loop-a", node=None)
    return replace(start_order(job, claim), environ={})


def slot(known: Definition) -> SlotRequest:
    return due_job(known, DUE).slot


def in_a_loop(observe: Callable[[Definition], object]) -> Callable[[Task], object]:
    return lambda task: observe(definition(built(task, backend="Loop")))


def the_text_for_people(task: Task) -> object:
    return resource(task, "shop:1", "shop")["spec"].get("description")


def the_schedule_on_a_server_with_a_zone(task: Task) -> object:
    return task.with_default_zone("Asia/Tokyo").schedule


Effects = Mapping[str, Callable[[Task], object]]

EFFECTS_IN_A_POD: Effects = {
    "task_id": the_claim_of_a_pod,
    "entrypoint": the_function_that_the_child_calls,
    "schedule": the_cron_job,
    "enabled": the_cron_job,
    "max_concurrent": the_admission_of_a_second_job,
    "timeout_seconds": the_reason_to_end_code_that_runs_for_a_minute,
    "retry_count": the_cron_job,
    "starting_deadline_seconds": the_cron_job,
    "jitter_seconds": the_start_in_a_pod,
    "args": the_arguments_that_the_child_passes,
    "retry_delay_seconds": the_pause_in_a_pod,
    "no_retry_on": the_cron_job_of_a_task_with_retries,
    "template": the_cron_job,
}
EFFECTS_IN_A_LOOP: Effects = {
    "task_id": in_a_loop(order),
    "entrypoint": in_a_loop(order),
    "schedule": in_a_loop(decision),
    "enabled": in_a_loop(decision),
    "max_concurrent": in_a_loop(slot),
    "timeout_seconds": in_a_loop(order),
    "retry_count": in_a_loop(order),
    "starting_deadline_seconds": in_a_loop(decision),
    "jitter_seconds": in_a_loop(the_delay_of_the_start),
    "args": in_a_loop(order),
    "retry_delay_seconds": in_a_loop(the_start_of_a_retry),
    "no_retry_on": in_a_loop(order),
    "template": lambda task: accept(built(task, backend="Loop")).loop,
}
EFFECTS_ELSEWHERE: Effects = {
    "description": the_text_for_people,
    "stated": the_schedule_on_a_server_with_a_zone,
    # Only a loop can replace, and only a CronJob has Jobs.
    "concurrency_policy": the_carrier,
    "successful_jobs_history_limit": the_cron_job,
    "failed_jobs_history_limit": the_cron_job,
    "backend": the_carrier,
    "args_schema": the_answer_of_the_operator,
}
EFFECTS = [
    pytest.param(field, observe, id=f"{field} in {where}")
    for where, effects in (
        ("a pod", EFFECTS_IN_A_POD),
        ("a loop", EFFECTS_IN_A_LOOP),
        ("no run", EFFECTS_ELSEWHERE),
    )
    for field, observe in effects.items()
]


@pytest.mark.parametrize("effects", [EFFECTS_IN_A_POD, EFFECTS_IN_A_LOOP], ids=["pod", "loop"])
def test_each_field_of_a_task_names_its_effect(effects: Effects) -> None:
    fields = {field.name for field in dataclasses.fields(Task)}
    assert {*effects, *EFFECTS_ELSEWHERE} == fields, "name what the new field changes"
    assert set(CHANGED_FIELDS) == fields


@pytest.mark.parametrize(("field", "observe"), EFFECTS)
def test_a_field_of_a_task_has_its_effect(field: str, observe: Callable[[Task], object]) -> None:
    changed = replace(PLAIN, **{field: CHANGED_FIELDS[field]})
    assert observe(changed) != observe(PLAIN)
