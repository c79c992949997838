"""Specs that are accepted, and the messages for those that are refused."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from jvscheduler_operator.acceptance import Refused, accept
from jvscheduler_operator.objects.reasons import Reason
from tests.support.operator.objects import stored_task


def with_pod(**pod: Any) -> dict[str, Any]:
    return {"template": {"spec": pod}}


@dataclass(frozen=True)
class Case:
    name: str
    reason: Reason
    message: str
    spec: dict[str, Any] = field(default_factory=dict)
    task_name: str = "restock"


DAYS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["days"],
    "properties": {"days": {"type": "integer"}},
}
CASES = [
    Case("a name too long", Reason.INVALID_NAME, "at most 52 characters", task_name="x" * 53),
    Case("no schedule", Reason.INVALID_SCHEDULE, "spec.schedule: ", {"schedule": None}),
    Case("a misspelt one", Reason.INVALID_SCHEDULE, "'dayly'", {"schedule": "dayly"}),
    Case("a range backwards", Reason.INVALID_SCHEDULE, "20-10", {"schedule": "0 0 20-10 * *"}),
    Case(
        "a CronJob for an interval that no cron says",
        Reason.INVALID_BACKEND,
        "spec.backend: 'every 7 minutes' is an interval that cron cannot say: leave the backend "
        "out or ask for the Loop; nearest form that a CronJob carries: 'every 6 minutes'",
        {"schedule": "every 7 minutes", "backend": "CronJob"},
    ),
    Case(
        "a CronJob for a policy that no cron has",
        Reason.INVALID_BACKEND,
        "spec.backend: 'daily at 02:30' with dst='once' is not what cron does",
        {"schedule": "daily at 02:30", "dst": "once", "backend": "CronJob"},
    ),
    Case(
        "a CronJob that replaces",
        Reason.INVALID_BACKEND,
        "spec.backend: concurrencyPolicy Replace needs the Loop",
        {"concurrencyPolicy": "Replace", "backend": "CronJob"},
    ),
    Case("an unknown backend", Reason.INVALID_SPEC, "spec.backend: ", {"backend": "Cron"}),
    Case(
        "a command in place of the worker",
        Reason.INVALID_TEMPLATE,
        "containers[task].command must be left out: the loop's worker is started in its place",
        {"backend": "Loop", **with_pod(containers=[{"name": "task", "command": ["sh"]}])},
    ),
    Case(
        "arguments without a command",
        Reason.INVALID_TEMPLATE,
        "containers[task].args must be left out: the runner takes none; say them with a command",
        with_pod(containers=[{"name": "task", "args": ["--fast"]}]),
    ),
    Case(
        "a container with the name of the loop's",
        Reason.INVALID_TEMPLATE,
        "containers[loop] has the name of a container of the loop: give it another",
        {"backend": "Loop", **with_pod(containers=[{"name": "loop", "image": "other:1"}])},
    ),
    Case(
        "a policy for an interval",
        Reason.INVALID_SCHEDULE,
        "spec.dst: dst='once' is for times of the wall clock, and 'every 7 minutes' is an interval",
        {"schedule": "every 7 minutes", "dst": "once"},
    ),
    Case("a policy unknown", Reason.INVALID_SCHEDULE, "spec.dst: dst must be", {"dst": "twice"}),
    Case("no such zone", Reason.INVALID_TIME_ZONE, "Atlantis", {"timeZone": "Europe/Atlantis"}),
    Case("an unknown field", Reason.INVALID_SPEC, "spec.retries: ", {"retries": 3}),
    Case("a text for a number", Reason.INVALID_SPEC, "spec.backoffLimit: ", {"backoffLimit": "3"}),
    Case(
        "containers that are no list",
        Reason.INVALID_TEMPLATE,
        "spec.template.spec.containers must be a list of objects, each with a name",
        with_pod(containers={"name": "task"}),
    ),
    Case(
        "a container without a name",
        Reason.INVALID_TEMPLATE,
        "each with a name",
        with_pod(containers=[{"image": "other:1"}]),
    ),
    Case(
        "environment variables as a map",
        Reason.INVALID_TEMPLATE,
        "containers[task].env must be a list",
        with_pod(containers=[{"name": "task", "env": {"A": "1"}}]),
    ),
    Case(
        "a security context that is a text",
        Reason.INVALID_TEMPLATE,
        "spec.template.spec.securityContext must be an object, got str",
        with_pod(securityContext="none"),
    ),
    Case(
        "a restart policy",
        Reason.INVALID_TEMPLATE,
        "restartPolicy must be left out: a new attempt is a new pod",
        with_pod(restartPolicy="OnFailure"),
    ),
    Case(
        "an exception with a dash",
        Reason.INVALID_SPEC,
        "spec.noRetryOn.0: must be the dotted name of an exception",
        {"noRetryOn": ["value-error"]},
    ),
    Case(
        "a retry that comes too early for a CronJob",
        Reason.INVALID_BACKEND,
        "spec.backend: retryDelaySeconds 5 needs the Loop",
        {"retryDelaySeconds": 5, "backoffLimit": 1, "backend": "CronJob"},
    ),
    Case(
        "a jitter as long as the schedule's gap",
        Reason.INVALID_SPEC,
        "spec.jitterSeconds: 60 s of jitter are too many for 'every minute'",
        {"schedule": "every minute", "jitterSeconds": 60},
    ),
    Case(
        "an argument of another type",
        Reason.INVALID_ARGS,
        "spec.args.days: must be a whole number, got 'x'",
        {"args": {"days": "x"}, "argsSchema": DAYS},
    ),
    Case(
        "an argument that is missing",
        Reason.INVALID_ARGS,
        "spec.args.days: must be given",
        {"argsSchema": DAYS},
    ),
    Case(
        "an argument too much",
        Reason.INVALID_ARGS,
        "spec.args.hours: must be left out",
        {"args": {"days": 1, "hours": 1}, "argsSchema": DAYS},
    ),
    Case(
        "arguments that are too long",
        Reason.INVALID_ARGS,
        "spec.args has 20011 bytes of JSON, and at most 16384 are allowed",
        {"args": {"text": "x" * 20_000}},
    ),
    Case(
        "an argument that kubectl would remove",
        Reason.INVALID_ARGS,
        "spec.args['days'] is None",
        {"args": {"days": None}},
    ),
    Case(
        "a second image for the task",
        Reason.INVALID_TEMPLATE,
        "containers[task].image must be left out: set spec.image",
        with_pod(containers=[{"name": "task", "image": "other:1"}]),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_task_is_refused(case: Case) -> None:
    with pytest.raises(Refused) as refused:
        accept(stored_task(name=case.task_name, **case.spec))
    assert refused.value.reason == case.reason
    assert case.message in str(refused.value)


def test_a_spec_with_every_field_is_accepted() -> None:
    accepted = accept(
        stored_task(
            schedule="every 5 minutes",
            timeZone="Europe/Berlin",
            dst="cron",
            backend="CronJob",
            concurrencyPolicy="Forbid",
            suspend=True,
            maxConcurrency=2,
            activeDeadlineSeconds=60,
            backoffLimit=3,
            description="counts",
            args={"days": 7},
            argsSchema=DAYS,
            startingDeadlineSeconds=30,
            successfulJobsHistoryLimit=1,
            failedJobsHistoryLimit=0,
            template={"metadata": {"labels": {"team": "a"}}, "spec": {"priority": 5}},
        )
    )
    assert accepted.schedule.cron == "*/5 * * * *"
    assert accepted.spec.starting_deadline_seconds == 30
    assert accepted.loop is None


@pytest.mark.parametrize(
    ("spec", "is_loop"),
    [
        ({"schedule": "daily at 02:30"}, False),
        ({"schedule": "every 7 minutes"}, True),
        ({"schedule": "every 20 to 40 seconds"}, True),
        ({"schedule": "daily at 02:30", "dst": "once"}, True),
        ({"schedule": "daily at 02:30", "backend": "Loop"}, True),
        ({"schedule": "daily at 02:30", "retryDelaySeconds": 5, "backoffLimit": 1}, True),
        ({"schedule": "daily at 02:30", "retryDelaySeconds": 5}, False),
        ({"schedule": "daily at 02:30", "backend": "CronJob"}, False),
        ({"schedule": "daily at 02:30", "concurrencyPolicy": "Replace"}, True),
    ],
)
def test_a_cron_job_carries_the_task_where_it_can_unless_the_spec_asks_for_the_loop(
    spec: dict[str, Any], is_loop: bool
) -> None:
    assert (accept(stored_task(**spec)).loop is not None) == is_loop
