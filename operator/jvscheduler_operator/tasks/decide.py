"""Decides what is to be done about one task. Pure: no client, no clock, no logger.

A CronJob or loop that serves a task goes on until the one that the spec asks for can
take over.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler_operator.acceptance import Accepted, Refused, accept
from jvscheduler_operator.objects.drift import has_drifted, with_uid
from jvscheduler_operator.objects.manifests import Key, Manifest, assigned_loop
from jvscheduler_operator.objects.readiness import LoopReadiness
from jvscheduler_operator.objects.reasons import Reason
from jvscheduler_operator.tasks import anchors, cron_jobs, policies, retirement
from jvscheduler_operator.tasks.edit_window import edit_window
from jvscheduler_operator.tasks.plan import Blocked, Condition, Plan, Retirement, State
from jvscheduler_operator.template_policy.parts import Pod

_ACCEPTED: Final = Condition(
    True, Reason.ACCEPTED, "The schedule and the rest of the spec are valid."
)
_RETRY_LOOP: Final = timedelta(minutes=10)
"""Deployments are watched, so that an event comes long before."""


def decide(state: State, now: datetime) -> Plan:
    if state.elder is not None:
        return _conflicting(state, state.elder, now)
    try:
        accepted = accept(state.task, state.policy)
    except Refused as refused:
        return _refused(state, refused, now)
    if accepted.loop is None:
        return _by_cron_job(state, accepted, now)
    return _by_loop(state, accepted, accepted.loop, now)


def decide_deleted(task: Manifest) -> Plan:
    """The plan for a task that a finalizer keeps: its status must not say that it runs."""
    try:
        accept(task)
    except Refused as refused:
        condition = Condition(False, refused.reason, str(refused))
    else:
        condition = _ACCEPTED
    kept = ", ".join(task["metadata"].get("finalizers", ()))
    message = f"The ScheduledTask is being deleted and starts no more jobs. Finalizers: {kept}."
    return Plan(condition, blocked=Blocked(Reason.AWAITING_DELETION, message, _RETRY_LOOP))


def _conflicting(state: State, elder: Key, now: datetime) -> Plan:
    """Stops what carries the task. If it went on, two tasks would claim the same jobs."""
    message = (
        f"spec.taskID: the older ScheduledTask {elder.name!r} has the taskID "
        f"{state.task['spec']['taskID']!r} too. Create this task with another taskID, "
        f"or delete {elder.name!r}: then this task takes over."
    )
    condition = Condition(False, Reason.CONFLICT, message)
    stopped_by = f"the task {elder} runs in its place"
    return Plan(condition, retirement=_retirement_of_own(state, now), stopped_by=stopped_by)


def _refused(state: State, refused: Refused, now: datetime) -> Plan:
    """Leaves what carries the task as it is, and finishes a retirement that has begun.

    The policy may forbid the pod of what carries it: an earlier release or a wider policy let it
    through. Then that is stopped.
    """
    condition = Condition(False, refused.reason, str(refused))
    if _is_carrier_forbidden(state):
        retirement = _retirement_of_own(state, now)
        return Plan(condition, retirement=retirement, stopped_by="the policy forbids its pod")
    loop = assigned_loop(state.task)
    goes_on = loop is not None or state.own_cron_job is not None
    secret = state.secret if goes_on else None
    return Plan(condition, secret=secret, loop=loop, retirement=_retirement(state, loop, now))


def _is_carrier_forbidden(state: State) -> bool:
    return any(
        next(iter(state.policy.violations(pod)), None) is not None for pod in _carrying_pods(state)
    )


def _carrying_pods(state: State) -> Iterator[Pod]:
    """The pods that what carries the task makes."""
    own, namespace = state.own_cron_job, state.key.namespace
    if own is not None:
        yield Pod.of_cron_job(own["spec"]["jobTemplate"]["spec"]["template"], namespace)
    if state.serving is not None:
        yield Pod.of_loop(state.serving["spec"]["template"], namespace)


def _by_cron_job(state: State, accepted: Accepted, now: datetime) -> Plan:
    schedule = cron_jobs.schedule_fields(accepted.schedule) or {}
    desired = cron_jobs.build(state.task, accepted.spec, schedule, state.log)
    blocked = policies.blocked(state)
    applies = blocked is None and has_drifted(state.cron_job, desired, state.last_applied)
    plan = Plan(
        _ACCEPTED,
        backend="CronJob",
        secret=state.secret,
        blocked=blocked,
        loop=assigned_loop(state.task),
        schedule=accepted.schedule,
        history_failure=state.history_failure,
    )
    return _with_cron_job(plan, state, desired, now) if applies else plan


def _by_loop(state: State, accepted: Accepted, requested: str, now: datetime) -> Plan:
    loop = requested if state.loop.is_available else assigned_loop(state.task)
    # No loop can serve the task yet, so its CronJob goes on, with the new spec.
    desired = _interim_cron_job(state, accepted) if loop is None else None
    plan = Plan(
        _ACCEPTED,
        backend="Loop",
        secret=state.secret,
        blocked=_waiting_for_loop(state, requested),
        loop=loop,
        schedule=accepted.schedule,
        retirement=_retirement(state, loop, now),
        history_failure=state.history_failure,
    )
    if desired is None or not has_drifted(state.cron_job, desired, state.last_applied):
        return plan
    return _with_cron_job(plan, state, desired, now)


def _with_cron_job(plan: Plan, state: State, desired: Manifest, now: datetime) -> Plan:
    """The plan with the writes that make the CronJob what is desired."""
    if state.cron_job is None:
        return replace(plan, cron_job=desired)
    return replace(
        plan,
        anchor=anchors.anchor(state.cron_job, desired, now),
        cron_job=with_uid(desired, state.cron_job),
        edit_window=edit_window(state.cron_job, desired, now),
    )


def _interim_cron_job(state: State, accepted: Accepted) -> Manifest | None:
    """The task's CronJob as it should be until the loop takes over; None when it has none."""
    if state.cron_job is None or policies.blocked(state) is not None:
        return None
    # Where cron cannot express the new schedule, the CronJob keeps its old one: a job
    # at an old instant is better than none while the loop starts.
    schedule = cron_jobs.schedule_fields(accepted.schedule)
    observed = cron_jobs.observed_schedule_fields(state.cron_job)
    return cron_jobs.build(state.task, accepted.spec, schedule or observed, state.log)


def _waiting_for_loop(state: State, requested: str) -> Blocked | None:
    loop = state.loop
    if loop.failure is not None:
        message = loop.failure + _meanwhile(state)
        return Blocked(Reason.APPLY_FAILED, message, _RETRY_LOOP)
    if loop.is_available:
        return None
    message = f"The Deployment {requested} is not available: {loop.message}"
    return Blocked(_not_available(loop), message + _meanwhile(state), _RETRY_LOOP)


def _not_available(loop: LoopReadiness) -> Reason:
    if loop.problem is None:
        return Reason.LOOP_NOT_AVAILABLE
    return Reason.RUNNER_NOT_FOUND if loop.problem.lacks_runner else Reason.LOOP_FAILING


def _meanwhile(state: State) -> str:
    """The end of a message: which object serves the task until the loop is available."""
    if state.serving is not None:
        images = {c["image"] for c in state.serving["spec"]["template"]["spec"]["containers"]}
        differs = "template" if state.task["spec"]["image"] in images else "image"
        return f". Still served by {state.serving['metadata']['name']}, with the old {differs}"
    if state.own_cron_job is not None:
        return ". Still served by the CronJob"
    return ""


def _retirement(state: State, loop: str | None, now: datetime) -> Retirement:
    """Retires the task's own CronJob when a loop serves the task."""
    return Retirement() if loop is None else _retirement_of_own(state, now)


def _retirement_of_own(state: State, now: datetime) -> Retirement:
    own = state.own_cron_job
    return Retirement() if own is None else retirement.retire(own, now)
