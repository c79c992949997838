"""Acceptance of a task: what its spec asks for, or why it is refused.

The custom resource's schema refuses most mistakes at `kubectl apply`. A pattern
cannot find all of them, and an older schema let more through. Those are refused
here, with a message for the user, in the condition `Accepted`.

A refused edit changes nothing. The CronJob or loop that serves the task goes on with
the last accepted spec, unless the policy for templates forbids its pod.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from jvscheduler import names
from jvscheduler.arguments.schemas import check_args
from jvscheduler.errors import InvalidArgs, InvalidInput, InvalidSchedule, InvalidTask
from jvscheduler.manifests.backends import choose_backend
from jvscheduler.manifests.rules import PATTERN_MESSAGES
from jvscheduler.manifests.spec import ScheduledTaskSpec
from jvscheduler.manifests.template_checks import InvalidTemplate
from jvscheduler.outcomes import is_deeper
from jvscheduler.schedules import Schedule, parse_schedule
from jvscheduler.schedules.jitter import check_jitter
from jvscheduler.tasks import Backend
from jvscheduler.zones import zone
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.objects.reasons import Reason
from jvscheduler_operator.pod_templates.base import template_of
from jvscheduler_operator.pod_templates.loops import loop_name, worker_pod
from jvscheduler_operator.pod_templates.tasks import pod_template
from jvscheduler_operator.template_policy.parts import Pod
from jvscheduler_operator.template_policy.policy import DEFAULT_POLICY, TemplatePolicy

_MOST_LEVELS: Final = 500
"""Objects and lists inside each other in a spec."""

_MOST_VIOLATIONS: Final = 5
"""A message names so many at most."""


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


def spec_of(task: Manifest) -> ScheduledTaskSpec:
    """The spec of a task that was accepted. Raises Refused."""
    return _parse_spec(task.get("spec", {}))


def accept(task: Manifest, policy: TemplatePolicy = DEFAULT_POLICY) -> Accepted:
    """Check the spec in a fixed order; the first mistake raises Refused."""
    raw, metadata = task.get("spec", {}), task["metadata"]
    _check_name(metadata["name"])
    _check_depth(raw)
    _check_time_zone(raw.get("timeZone", "UTC"))
    # The schedule comes before the rest of the spec: the grammar's own messages
    # explain a mistake, the spec's pattern only says that it does not match.
    schedule = _parse_schedule(raw)
    spec = _parse_spec(raw)
    _check_jitter(spec, schedule)
    _check_args(spec)
    is_loop = _backend(spec, schedule) == "Loop"
    _check_policy(policy, _pod(metadata["name"], metadata["namespace"], spec, is_loop))
    return Accepted(spec, schedule, loop_name(spec) if is_loop else None)


def _check_name(name: str) -> None:
    if len(name) > names.MAX_RESOURCE_NAME:
        raise Refused(
            Reason.INVALID_NAME,
            f"metadata.name must have at most {names.MAX_RESOURCE_NAME} characters, "
            f"as a CronJob's, got {len(name)}",
        )


def _check_depth(raw: Any) -> None:
    # Before all that reads the spec: Kubernetes takes 10,000 levels, and Python's own limit for
    # functions that call themselves is a tenth of it.
    if is_deeper(raw, _MOST_LEVELS):
        text = f"spec: more than {_MOST_LEVELS} levels of objects and lists inside each other"
        raise Refused(Reason.INVALID_SPEC, text)


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


def _check_jitter(spec: ScheduledTaskSpec, schedule: Schedule) -> None:
    try:
        check_jitter(schedule, spec.jitter_seconds)
    except InvalidSchedule as error:
        raise Refused(Reason.INVALID_SPEC, f"spec.jitterSeconds: {error}") from error


def _check_args(spec: ScheduledTaskSpec) -> None:
    try:
        check_args(spec.args, spec.args_schema)
    except InvalidArgs as error:
        raise Refused(Reason.INVALID_ARGS, f"spec.{error}") from error


def _backend(spec: ScheduledTaskSpec, schedule: Schedule) -> Backend:
    try:
        pause = spec.retry_delay_seconds if spec.backoff_limit else None
        return choose_backend(schedule, spec.backend, spec.concurrency_policy, pause)
    except InvalidTask as error:
        raise Refused(Reason.INVALID_BACKEND, f"spec.backend: {error}") from error


def _pod(name: str, namespace: str, spec: ScheduledTaskSpec, is_loop: bool) -> Pod:
    try:
        if not is_loop:
            return Pod.of_cron_job(pod_template(name, spec), namespace)
        metadata = template_of(spec).metadata
        template = {"metadata": metadata.model_dump(), "spec": worker_pod(spec)}
    except InvalidTemplate as error:
        raise Refused(Reason.INVALID_TEMPLATE, str(error)) from error
    return Pod.of_loop(template, namespace)


def _check_policy(policy: TemplatePolicy, pod: Pod) -> None:
    found = [str(violation) for violation in policy.violations(pod)]
    if found:
        rules = "; ".join(found[:_MOST_VIOLATIONS])
        message = f"{rules}. The installation's policy.podTemplates is {policy.level}"
        raise Refused(Reason.TEMPLATE_FORBIDDEN, message)


def _in_one_line(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False)
    return "; ".join(
        ".".join(["spec", *map(str, problem["loc"])]) + ": " + _in_words(problem)
        for problem in problems
    )


def _in_words(problem: Mapping[str, Any]) -> str:
    # The pattern itself shows nobody what to write.
    if problem["type"] == "string_pattern_mismatch":
        (*_, field) = (part for part in problem["loc"] if isinstance(part, str))
        return PATTERN_MESSAGES[field]
    return str(problem["msg"])
