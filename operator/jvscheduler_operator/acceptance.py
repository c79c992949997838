"""Acceptance of a task: what its spec asks for, or why it is refused.

The custom resource's schema refuses most mistakes at `kubectl apply`. A pattern
cannot find all of them, and an older schema let more through. Those are refused
here, with a message for the user, in the condition `Accepted`.

A refused edit changes nothing. The CronJob or loop that serves the task goes on with
the last accepted spec.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from jvscheduler import names
from jvscheduler.errors import InvalidInput, InvalidSchedule, InvalidTask
from jvscheduler.manifests.backends import Backend, choose_backend
from jvscheduler.manifests.rules import PATTERN_MESSAGES
from jvscheduler.manifests.spec import ScheduledTaskSpec
from jvscheduler.schedules import Schedule, parse_schedule
from jvscheduler.zones import zone
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.objects.reasons import Reason
from jvscheduler_operator.pod_templates.loops import loop_name, worker_pod
from jvscheduler_operator.pod_templates.merging import InvalidTemplate
from jvscheduler_operator.pod_templates.tasks import pod_template


class Refused(InvalidInput):
    """A task whose spec cannot be carried out. The message is for the user."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Accepted:
    """A spec that can be carried out."""

    spec: ScheduledTaskSpec
    schedule: Schedule
    loop: str | None
    """The loop's Deployment; None when a CronJob carries the task."""


def accept(task: Manifest) -> Accepted:
    """Check the spec in a fixed order; the first mistake raises Refused."""
    raw = task.get("spec", {})
    _check_name(task["metadata"]["name"])
    _check_time_zone(raw.get("timeZone", "UTC"))
    # The schedule comes before the rest of the spec: the grammar's own messages
    # explain a mistake, the spec's pattern only says that it does not match.
    schedule = _parse_schedule(raw)
    spec = _parse_spec(raw)
    is_loop = _backend(spec, schedule) == "Loop"
    _check_template(task["metadata"]["name"], spec, is_loop)
    return Accepted(spec, schedule, loop_name(spec) if is_loop else None)


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
    text: Any = raw.get("schedule")
    time_zone, seed = raw.get("timeZone", "UTC"), str(raw.get("taskID"))
    # Parsed without `dst` first, so that the message names the field that is wrong.
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


def _in_one_line(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False)
    return "; ".join(
        ".".join(["spec", *map(str, problem["loc"])]) + ": " + _in_words(problem)
        for problem in problems
    )


def _in_words(problem: Mapping[str, Any]) -> str:
    # The pattern itself shows nobody what to write.
    if problem["type"] == "string_pattern_mismatch":
        return PATTERN_MESSAGES[str(problem["loc"][-1])]
    return str(problem["msg"])
