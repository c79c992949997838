"""A task's status, from what was decided and what came of it. Pure.

Its times are those of the CronJob that exists, not of the spec. After a refused
edit or a failed apply the old CronJob goes on, and the status says so. A loop
reads the spec itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from jvscheduler.outcomes import clip
from jvscheduler_operator.objects import times
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.objects.reasons import ConditionType, Reason
from jvscheduler_operator.tasks import anchors
from jvscheduler_operator.tasks.edit_window import schedule_in_force
from jvscheduler_operator.tasks.plan import Applied, Condition, Plan, serving_loop

Conditions = Sequence[Mapping[str, Any]]
"""Conditions as the API has them."""

_MAX_MESSAGE_BYTES: Final = 4096
"""The limit of a condition's message, in bytes. Over 32 KiB the API server would refuse the whole
status."""

_OUR_FIELDS: Final = (
    "observedGeneration",
    "backend",
    "loop",
    "active",
    "lastScheduleTime",
    "nextScheduleTime",
    "resolvedSchedule",
    "conditions",
)
"""The fields that the operator writes. It leaves any other field of the status as it is."""

_OF_A_CRON_JOB: Final = ("active", "lastScheduleTime")
"""The fields that the operator writes for a CronJob only. For a task of a loop only the history has
their values, so the server writes them."""


def status_of(task: Manifest, plan: Plan, applied: Applied, now: datetime) -> dict[str, Any]:
    return {
        "observedGeneration": task["metadata"]["generation"],
        "conditions": _conditions(task, plan, applied, now),
        **_resolved_schedule(plan),
        **_carrier_fields(task, plan, applied, now),
    }


def differs(task: Manifest, status: Mapping[str, Any]) -> bool:
    """True when writing the status would change one of our fields."""
    # Without this check every pass would write, and every write would cause a watch
    # event and another pass.
    observed = task.get("status", {})
    is_looped = status.get("backend") == "Loop"
    fields = [f for f in _OUR_FIELDS if not (is_looped and f in _OF_A_CRON_JOB)]
    ours = {**observed, "conditions": _our_conditions(observed)}
    return any(ours.get(field) != status.get(field) for field in fields)


def _our_conditions(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The server's own conditions are in the same list."""
    return [c for c in status.get("conditions", []) if c["type"] in list(ConditionType)]


def next_schedule_time(
    task: Manifest, plan: Plan, applied: Applied, now: datetime
) -> datetime | None:
    """The first due instant after now; None while suspended.

    On a loop it is None for a task that may be due twice within a minute. The status
    could not be written that often.
    """
    if serving_loop(plan, applied) is None:
        return _next_of_cron_job(applied.cron_job, now)
    if plan.schedule is None or task["spec"].get("suspend"):
        return None
    return None if plan.schedule.is_finer_than_a_minute else plan.schedule.next(now)


def transitions(before: Conditions, after: Conditions) -> Iterable[Mapping[str, Any]]:
    """The conditions of `after` whose status or reason is new."""
    known = {(c["type"], c["status"], c["reason"]) for c in before}
    return [c for c in after if (c["type"], c["status"], c["reason"]) not in known]


def _conditions(
    task: Manifest, plan: Plan, applied: Applied, now: datetime
) -> list[dict[str, Any]]:
    before = task.get("status", {}).get("conditions", [])
    since = {c["type"]: (c["status"], c["lastTransitionTime"]) for c in before}
    conditions = []
    for kind, condition in _condition_values(task, plan, applied).items():
        status = str(condition.is_true)
        old_status, old_time = since.get(str(kind), (None, None))
        conditions.append(
            {
                "type": str(kind),
                "status": status,
                "reason": str(condition.reason),
                # Some answers of the API server repeat what was sent to it.
                "message": clip(condition.message, _MAX_MESSAGE_BYTES),
                "observedGeneration": task["metadata"]["generation"],
                # Only a change of the status is a transition, a new reason is none.
                "lastTransitionTime": old_time if old_status == status else times.to_text(now),
            }
        )
    return conditions


def _condition_values(
    task: Manifest, plan: Plan, applied: Applied
) -> dict[ConditionType, Condition]:
    values = {ConditionType.ACCEPTED: plan.accepted, ConditionType.READY: _ready(plan, applied)}
    if _is_suspended(task, plan, applied):
        values[ConditionType.SUSPENDED] = Condition(
            True, Reason.SUSPENDED_BY_SPEC, "No job is started while spec.suspend is true."
        )
    return values


def _is_suspended(task: Manifest, plan: Plan, applied: Applied) -> bool:
    # A loop reads the task's own spec. A CronJob may still have an older one. One that is
    # stopped is suspended only to be removed.
    is_stopped = plan.stopped_by is not None
    carrier = task if is_stopped or serving_loop(plan, applied) else applied.cron_job
    return carrier is not None and bool(carrier["spec"].get("suspend"))


def _ready(plan: Plan, applied: Applied) -> Condition:
    if not plan.accepted.is_true:
        message = _not_accepted_message(plan, applied.cron_job)
        return Condition(False, Reason.NOT_ACCEPTED, message)
    if plan.blocked is not None:
        return Condition(False, plan.blocked.reason, plan.blocked.message)
    failure = applied.first_failure
    if failure is not None:
        return Condition(False, Reason.APPLY_FAILED, failure.message)
    if plan.history_failure is not None:
        return Condition(False, Reason.HISTORY_NOT_READY, plan.history_failure)
    if plan.backend == "Loop":
        return Condition(True, Reason.LOOP_READY, f"The Deployment {plan.loop} serves the task.")
    return Condition(True, Reason.CRON_JOB_READY, "The CronJob exists and is as the spec asks.")


def _not_accepted_message(plan: Plan, cron_job: Manifest | None) -> str:
    if plan.loop is not None:
        return (
            f"The spec is not accepted. {plan.loop} goes on with the last accepted one, as long "
            "as its pod is not started anew."
        )
    if cron_job is None or plan.stopped_by is not None:
        return "The spec is not accepted. No job is started."
    return (
        "The spec is not accepted. The CronJob goes on with the last accepted schedule, "
        f"{cron_job['spec'].get('schedule')!r}."
    )


def _carrier_fields(task: Manifest, plan: Plan, applied: Applied, now: datetime) -> dict[str, Any]:
    """The fields about the CronJob or the loop that carries the task."""
    due = next_schedule_time(task, plan, applied, now)
    next_time = {"nextScheduleTime": times.to_text(due)} if due else {}
    loop = serving_loop(plan, applied)
    if loop is not None:
        return {"backend": "Loop", "loop": loop, **next_time}
    return {**_cron_job_fields(applied.cron_job), **next_time}


def _resolved_schedule(plan: Plan) -> dict[str, Any]:
    resolved = plan.schedule.resolved if plan.schedule is not None else None
    return {"resolvedSchedule": resolved} if resolved is not None else {}


def _cron_job_fields(cron_job: Manifest | None) -> dict[str, Any]:
    if cron_job is None:
        return {"active": 0}
    last = anchors.last_schedule_time(cron_job)
    return {
        "backend": "CronJob",
        "active": len(cron_job.get("status", {}).get("active", [])),
        **({"lastScheduleTime": times.to_text(last)} if last else {}),
    }


def _next_of_cron_job(cron_job: Manifest | None, now: datetime) -> datetime | None:
    schedule = schedule_in_force(cron_job["spec"]) if cron_job is not None else None
    return schedule.next(now) if schedule is not None else None
