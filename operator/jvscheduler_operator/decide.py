"""What is to be done about one task. Pure: no client, no clock, no logger."""

from datetime import datetime

from jvscheduler_operator import anchors, policies, secrets
from jvscheduler_operator.accepting import Refused, accept
from jvscheduler_operator.plan import Blocked, Plan, Reason, Verdict
from jvscheduler_operator.state import Manifest, State


def decide(state: State, now: datetime) -> Plan:
    try:
        desired = accept(state.task)
    except Refused as refused:
        return Plan(accepted=Verdict(False, refused.reason, str(refused)))
    accepted = Verdict(True, Reason.ACCEPTED, "The schedule and the rest of the spec are valid.")
    blocked = _blocked(state)
    if blocked is not None:
        return Plan(accepted, secret=_secret(state), desired=desired, blocked=blocked)
    changes = any(rule(state, desired) for rule in policies.CHANGING)
    return Plan(
        accepted,
        secret=_secret(state),
        anchor=anchors.anchor(state.child, desired, now) if state.child and changes else None,
        cron_job=_to_apply(state, desired) if changes else None,
        desired=desired,
    )


def _blocked(state: State) -> Blocked | None:
    answers = (rule(state) for rule in policies.BLOCKING)
    return next((answer for answer in answers if answer is not None), None)


def _secret(state: State) -> Manifest | None:
    if state.database_url is None:
        return None
    return secrets.build(state.key.namespace, state.database_url)


def _to_apply(state: State, desired: Manifest) -> Manifest:
    """With the known child's uid, which the API server takes as a precondition."""
    if state.child is None:
        return desired
    return {
        **desired,
        "metadata": {**desired["metadata"], "uid": state.child["metadata"]["uid"]},
    }
