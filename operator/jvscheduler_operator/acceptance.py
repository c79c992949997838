"""Whether a task's spec can be carried: the condition `Accepted`.

The custom resource's schema refuses most of it at `kubectl apply`; what a
pattern cannot say, and what an older schema let through, is refused here with
a message for the user. A refused edit leaves what carries the task as it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from jvscheduler import names
from jvscheduler.errors import InvalidSchedule, InvalidTask, SchedulerError
from jvscheduler.manifests.backends import Backend, choose_backend
from jvscheduler.manifests.spec import ScheduledTaskSpec
from jvscheduler.schedules import Schedule, parse_schedule
from jvscheduler.zones import zone
from jvscheduler_operator.loops import deployments
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.pod_templates.loops import worker_pod
from jvscheduler_operator.pod_templates.merging import InvalidTemplate
from jvscheduler_operator.pod_templates.tasks import pod_template
from jvscheduler_operator.tasks.plan import Reason


class Refused(SchedulerError):
    """A task that cannot be carried, and why."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Accepted:
    """A spec that can be carried, and by what."""

    spec: ScheduledTaskSpec
    schedule: Schedule
    loop: str | None
    """The loop's Deployment; None: a CronJob carries the task."""


def accept(task: Manifest) -> Accepted:
    """Raises Refused."""
    raw = task.get("spec", {})
    _check_name(task["metadata"]["name"])
    _check_time_zone(raw.get("timeZone", "UTC"))
    schedule = _parse_schedule(raw)
    spec = _parse_spec(raw)
    is_loop = _backend(spec, schedule) == "Loop"
    _check_template(task["metadata"]["name"], spec, is_loop)
    return Accepted(spec, schedule, deployments.name_of(spec) if is_loop else None)


def _backend(spec: ScheduledTaskSpec, schedule: Schedule) -> Backend:
    try:
        return choose_backend(schedule, spec.backend, spec.concurrency_policy)
    except InvalidTask as error:
        raise Refused(Reason.INVALID_BACKEND, f"spec.backend: {error}") from error


def _check_template(name: str, spec: ScheduledTaskSpec, is_loop: bool) -> None:
    try:
        if is_loop:
            worker_pod(spec)
        else:
            pod_template(name, spec)
    except InvalidTemplate as error:
        raise Refused(Reason.INVALID_TEMPLATE, str(error)) from error


def _check_name(name: str) -> None:
    if len(name) > names.MAX_RESOURCE_NAME:
        raise Refused(
            Reason.INVALID_NAME,
            f"metadata.name must have at most {names.MAX_RESOURCE_NAME} characters, "
            f"as a CronJob's, got {len(name)}",
        )


def _check_time_zone(name: Any) -> None:
    try:
        zone(name)
    except InvalidSchedule as error:
        raise Refused(Reason.INVALID_TIME_ZONE, f"spec.timeZone: {error}") from error


def _parse_schedule(raw: Mapping[str, Any]) -> Schedule:
    """Before the rest of the spec: the grammar's messages tell more than its pattern's."""
    text: Any = raw.get("schedule")
    time_zone, seed = raw.get("timeZone", "UTC"), str(raw.get("taskID"))
    field = "spec.schedule"
    try:
        parse_schedule(text, time_zone, seed)
        field = "spec.dst"
        schedule = parse_schedule(text, time_zone, seed, raw.get("dst", "cron"))
    except InvalidSchedule as error:
        raise Refused(Reason.INVALID_SCHEDULE, f"{field}: {error}") from error
    return schedule


def _parse_spec(spec: Mapping[str, Any]) -> ScheduledTaskSpec:
    try:
        return ScheduledTaskSpec.model_validate(spec)
    except ValidationError as error:
        raise Refused(Reason.INVALID_SPEC, _in_one_line(error)) from error


def _in_one_line(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False)
    return "; ".join(
        ".".join(["spec", *map(str, problem["loc"])]) + ": " + problem["msg"]
        for problem in problems
    )
