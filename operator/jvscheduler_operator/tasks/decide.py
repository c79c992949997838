"""What is to be done about one task. Pure: no client, no clock, no logger.

Make before break: what serves a task goes on until what the spec asks for can.
"""

from datetime import datetime, timedelta
from typing import Final

from jvscheduler_operator.acceptance import Accepted, Refused, accept
from jvscheduler_operator.loops import deployments
from jvscheduler_operator.objects import secrets
from jvscheduler_operator.objects.manifests import Manifest, State, assigned_loop
from jvscheduler_operator.tasks import anchors, cron_jobs, policies, retirement
from jvscheduler_operator.tasks.plan import Blocked, Plan, Reason, Retirement, Verdict

_ACCEPTED: Final = Verdict(
    True, Reason.ACCEPTED, "The schedule and the rest of the spec are valid."
)
_WHEN_TOLD: Final = timedelta(minutes=10)
"""Deployments are watched: their events come long before."""


def decide(state: State, now: datetime) -> Plan:
    try:
        accepted = accept(state.task)
    except Refused as refused:
        return _refused(state, refused, now)
    if accepted.loop is None:
        return _by_cron_job(state, accepted, now)
    return _by_loop(state, accepted, accepted.loop, now)


def _refused(state: State, refused: Refused, now: datetime) -> Plan:
    verdict, loop = Verdict(False, refused.reason, str(refused)), assigned_loop(state.task)
    return Plan(verdict, loop=loop, retirement=_retirement(state, loop, now))


def _by_cron_job(state: State, accepted: Accepted, now: datetime) -> Plan:
    when = cron_jobs.due(accepted.schedule) or {}
    desired = cron_jobs.build(state.task, accepted.spec, when)
    blocked = _blocked(state)
    changes = blocked is None and policies.must_apply(state.child, desired, state.settled)
    return Plan(
        _ACCEPTED,
        backend="CronJob",
        secret=_secret(state),
        anchor=_anchor(state, desired, now) if changes else None,
        cron_job=policies.under_uid(desired, state.child) if changes else None,
        desired=desired,
        blocked=blocked,
        loop=assigned_loop(state.task),
        schedule=accepted.schedule,
    )


def _by_loop(state: State, accepted: Accepted, wanted: str, now: datetime) -> Plan:
    is_available = deployments.standing(state.loop).is_available
    loop = wanted if is_available else assigned_loop(state.task)
    desired = _meanwhile(state, accepted) if loop is None else None
    changes = desired is not None and policies.must_apply(state.child, desired, state.settled)
    return Plan(
        _ACCEPTED,
        backend="Loop",
        secret=_secret(state),
        anchor=_anchor(state, desired, now) if desired and changes else None,
        cron_job=policies.under_uid(desired, state.child) if desired and changes else None,
        desired=desired,
        blocked=_unready(state, wanted),
        loop=loop,
        schedule=accepted.schedule,
        retirement=_retirement(state, loop, now),
    )


def _meanwhile(state: State, accepted: Accepted) -> Manifest | None:
    """The task's CronJob, until the loop can take over; due as before where cron cannot say it."""
    if state.child is None or _blocked(state) is not None:
        return None
    when = cron_jobs.due(accepted.schedule) or cron_jobs.due_as(state.child)
    return cron_jobs.build(state.task, accepted.spec, when)


def _unready(state: State, wanted: str) -> Blocked | None:
    if state.loop_failure is not None:
        message = f"The Deployment {wanted} could not be applied: {state.loop_failure}"
        return Blocked(Reason.APPLY_FAILED, message, _WHEN_TOLD)
    standing = deployments.standing(state.loop)
    if standing.is_available:
        return None
    message = f"The Deployment {wanted} is not available: {standing.message}"
    return Blocked(Reason.LOOP_NOT_AVAILABLE, message, _WHEN_TOLD)


def _retirement(state: State, loop: str | None, now: datetime) -> Retirement:
    is_ours = state.child is not None and cron_jobs.is_controlled_by(state.child, state.task)
    if loop is None or state.child is None or not is_ours:
        return Retirement()
    return retirement.retire(state.child, now)


def _blocked(state: State) -> Blocked | None:
    answers = (rule(state) for rule in policies.BLOCKING)
    return next((answer for answer in answers if answer is not None), None)


def _secret(state: State) -> Manifest | None:
    if state.database_url is None:
        return None
    return secrets.build(state.key.namespace, state.database_url)


def _anchor(state: State, desired: Manifest, now: datetime) -> Manifest | None:
    return anchors.anchor(state.child, desired, now) if state.child else None
