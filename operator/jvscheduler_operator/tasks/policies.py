"""The rules about what carries a task, each small, in the order in which they are asked.

`BLOCKING`: what keeps us from touching the CronJob of the task's name.
`CHANGING`: what makes us apply a CronJob, or a loop's Deployment.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, TypeAlias

from jvscheduler import names
from jvscheduler_operator.objects import drift
from jvscheduler_operator.objects.manifests import Manifest, Settled, State
from jvscheduler_operator.tasks import cron_jobs
from jvscheduler_operator.tasks.plan import Blocked, Reason

_SLOWLY: Final = timedelta(minutes=1)
"""An unlabelled CronJob is not watched: its end is only seen by looking again."""

_SOON: Final = timedelta(seconds=2)
"""Garbage collection takes seconds, and its event usually comes first."""

BlockingRule: TypeAlias = Callable[[State], Blocked | None]
ChangingRule: TypeAlias = Callable[[Manifest | None, Manifest, Settled | None], bool]

_NOTHING: Final[Manifest] = {"metadata": {}}


def is_of_an_earlier_task(state: State) -> Blocked | None:
    """Deleted and created again at once: garbage collection has yet to take the old child."""
    owner = cron_jobs.controller_of(state.child) if state.child else None
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
    if state.child is None or cron_jobs.is_controlled_by(state.child, state.task):
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


def is_missing(observed: Manifest | None, _desired: Manifest, _known: Settled | None) -> bool:
    return observed is None


def was_built_otherwise(
    observed: Manifest | None, desired: Manifest, _known: Settled | None
) -> bool:
    """The spec, or the operator's idea of such an object, has changed since."""
    return drift.digest_of(observed or _NOTHING) != drift.digest_of(desired)


def has_edited_metadata(
    observed: Manifest | None, desired: Manifest, _known: Settled | None
) -> bool:
    return not drift.contains((observed or _NOTHING)["metadata"], desired["metadata"])


def has_edited_spec(observed: Manifest | None, desired: Manifest, known: Settled | None) -> bool:
    found = observed or _NOTHING
    if drift.contains(found.get("spec", {}), desired["spec"]):
        return False
    return known != settled(found, desired)


CHANGING: Final[Sequence[ChangingRule]] = (
    is_missing,
    was_built_otherwise,
    has_edited_metadata,
    has_edited_spec,
)


def must_apply(observed: Manifest | None, desired: Manifest, known: Settled | None) -> bool:
    return any(rule(observed, desired, known) for rule in CHANGING)


def settled(observed: Manifest, desired: Manifest) -> Settled:
    """What is known once the API server has accepted `desired` and answered `observed`."""
    digest = drift.digest_of(desired) or ""
    return Settled(digest, observed["metadata"].get("generation", 0))


def under_uid(desired: Manifest, observed: Manifest | None) -> Manifest:
    """With the known object's uid, which the API server takes as a precondition."""
    if observed is None:
        return desired
    return {**desired, "metadata": {**desired["metadata"], "uid": observed["metadata"]["uid"]}}
