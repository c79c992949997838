"""The rules about a task's CronJob, each small, in the order in which they are asked.

`BLOCKING`: what keeps us from touching the CronJob of that name.
`CHANGING`: what makes us apply it.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, TypeAlias

from jvscheduler import names
from jvscheduler_operator import cronjobs
from jvscheduler_operator.plan import Blocked, Reason
from jvscheduler_operator.state import Manifest, Settled, State

_SLOWLY: Final = timedelta(minutes=1)
"""An unlabelled CronJob is not watched: its end is only seen by looking again."""

_SOON: Final = timedelta(seconds=2)
"""Garbage collection takes seconds, and its event usually comes first."""

BlockingRule: TypeAlias = Callable[[State], Blocked | None]
ChangingRule: TypeAlias = Callable[[State, Manifest], bool]


def is_of_an_earlier_task(state: State) -> Blocked | None:
    """Deleted and created again at once: garbage collection has yet to take the old child."""
    owner = cronjobs.controller_of(state.child) if state.child else None
    if owner is None or owner.get("kind") != names.KIND:
        return None
    metadata = state.task["metadata"]
    if owner.get("name") != metadata["name"] or owner.get("uid") == metadata["uid"]:
        return None
    return Blocked(
        Reason.AWAITING_DELETION,
        f"The CronJob {metadata['name']!r} of a deleted ScheduledTask of the same name "
        "is still there; it is replaced once garbage collection has removed it.",
        _SOON,
    )


def is_foreign(state: State) -> Blocked | None:
    if state.child is None or cronjobs.is_controlled_by(state.child, state.task):
        return None
    name = state.task["metadata"]["name"]
    return Blocked(
        Reason.NAME_CONFLICT,
        f"A CronJob {name!r} that this ScheduledTask does not own is in the way and is left "
        "alone; delete it, or give one of the two another name.",
        _SLOWLY,
    )


def is_being_deleted(state: State) -> Blocked | None:
    if state.child is None or "deletionTimestamp" not in state.child["metadata"]:
        return None
    name = state.task["metadata"]["name"]
    message = f"The CronJob {name!r} is being deleted; it is created again once it is gone."
    return Blocked(Reason.AWAITING_DELETION, message, _SOON)


BLOCKING: Final[Sequence[BlockingRule]] = (is_of_an_earlier_task, is_foreign, is_being_deleted)


def is_missing(state: State, _desired: Manifest) -> bool:
    return state.child is None


def was_built_otherwise(state: State, desired: Manifest) -> bool:
    """The spec, or the operator's idea of a CronJob, has changed since."""
    return cronjobs.digest_of(state.child or {"metadata": {}}) != cronjobs.digest_of(desired)


def has_edited_metadata(state: State, desired: Manifest) -> bool:
    return not cronjobs.contains((state.child or {}).get("metadata", {}), desired["metadata"])


def has_edited_spec(state: State, desired: Manifest) -> bool:
    child = state.child or {}
    if cronjobs.contains(child.get("spec", {}), desired["spec"]):
        return False
    return state.settled != settled(child, desired)


CHANGING: Final[Sequence[ChangingRule]] = (
    is_missing,
    was_built_otherwise,
    has_edited_metadata,
    has_edited_spec,
)


def settled(child: Manifest, desired: Manifest) -> Settled:
    """What is known once the API server has accepted `desired` and answered `child`."""
    digest = cronjobs.digest_of(desired) or ""
    return Settled(digest, child.get("metadata", {}).get("generation", 0))
