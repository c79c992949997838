"""Conditions of a task's status: which there are, and since when."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from jvscheduler_operator.objects import times
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.tasks.plan import (
    Applied,
    Condition,
    Plan,
    Reason,
    Verdict,
    serving_loop,
)

Conditions = Sequence[Mapping[str, Any]]


def verdicts(task: Manifest, plan: Plan, applied: Applied) -> dict[Condition, Verdict]:
    found = {Condition.ACCEPTED: plan.accepted, Condition.READY: _ready(plan, applied)}
    if _is_suspended(task, plan, applied):
        found[Condition.SUSPENDED] = Verdict(
            True, Reason.SUSPENDED_BY_SPEC, "No job is started while spec.suspend is true."
        )
    return found


def to_conditions(
    found: Mapping[Condition, Verdict], generation: int, before: Conditions, now: datetime
) -> list[dict[str, Any]]:
    """The conditions as the API has them; a transition is a change of status."""
    since = {c["type"]: (c["status"], c["lastTransitionTime"]) for c in before}
    conditions = []
    for kind, verdict in found.items():
        status = str(verdict.is_true)
        old_status, old_time = since.get(str(kind), (None, None))
        condition = {
            "type": str(kind),
            "status": status,
            "reason": str(verdict.reason),
            "message": verdict.message,
            "observedGeneration": generation,
            "lastTransitionTime": old_time if old_status == status else times.to_text(now),
        }
        conditions.append(condition)
    return conditions


def transitions(before: Conditions, after: Conditions) -> Iterable[Mapping[str, Any]]:
    """The conditions of `after` whose status or reason is new."""
    known = {(c["type"], c["status"], c["reason"]) for c in before}
    return [c for c in after if (c["type"], c["status"], c["reason"]) not in known]


def _is_suspended(task: Manifest, plan: Plan, applied: Applied) -> bool:
    """A loop reads the task itself; a CronJob may be behind it."""
    carrier = task if serving_loop(plan, applied) else applied.child
    return carrier is not None and bool(carrier["spec"].get("suspend"))


def _ready(plan: Plan, applied: Applied) -> Verdict:
    if not plan.accepted.is_true:
        return Verdict(False, Reason.NOT_ACCEPTED, _unaccepted_message(plan, applied.child))
    if plan.blocked is not None:
        return Verdict(False, plan.blocked.reason, plan.blocked.message)
    if applied.failure is not None:
        return Verdict(False, Reason.APPLY_FAILED, applied.failure)
    if plan.backend == "Loop":
        return Verdict(True, Reason.LOOP_READY, f"The Deployment {plan.loop} serves the task.")
    return Verdict(True, Reason.CRON_JOB_READY, "The CronJob is there and as the spec asks.")


def _unaccepted_message(plan: Plan, child: Manifest | None) -> str:
    if plan.loop is not None:
        return f"The spec is not accepted; {plan.loop} goes on with the last one that was."
    if child is None:
        return "The spec is not accepted, so that no job is started."
    return (
        "The spec is not accepted; the CronJob goes on with the last one that was, "
        f"{child['spec'].get('schedule')!r}."
    )
