"""Rules that forbid us to touch the CronJob of the task's name, in a fixed order."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, TypeAlias

from jvscheduler import names
from jvscheduler_operator.objects.manifests import controller_of, is_being_deleted
from jvscheduler_operator.objects.reasons import Reason
from jvscheduler_operator.tasks.plan import Blocked, State

_RETRY_UNWATCHED: Final = timedelta(minutes=1)
"""A CronJob without our label is not watched. Only another look shows that it is gone."""

_RETRY_DELETION: Final = timedelta(seconds=2)
"""Garbage collection takes seconds, and the event of its end usually comes first."""

BlockingRule: TypeAlias = Callable[[State], Blocked | None]


def is_of_an_earlier_task(state: State) -> Blocked | None:
    """The task was deleted and created again before its old CronJob was collected."""
    owner = controller_of(state.cron_job) if state.cron_job else None
    if owner is None or owner.get("kind") != names.KIND:
        return None
    metadata = state.task["metadata"]
    if owner.get("name") != metadata["name"] or owner.get("uid") == metadata["uid"]:
        return None
    return Blocked(
        Reason.AWAITING_DELETION,
        f"The CronJob {metadata['name']!r} of a deleted ScheduledTask of the same name "
        "still exists. It is replaced when garbage collection has removed it.",
        _RETRY_DELETION,
    )


def is_foreign(state: State) -> Blocked | None:
    if state.cron_job is None or state.own_cron_job is not None:
        return None
    name = state.task["metadata"]["name"]
    return Blocked(
        Reason.NAME_CONFLICT,
        f"A CronJob {name!r} exists that this ScheduledTask does not own. It is left alone. "
        "Delete it, or give one of the two another name.",
        _RETRY_UNWATCHED,
    )


def is_terminating(state: State) -> Blocked | None:
    if state.cron_job is None or not is_being_deleted(state.cron_job):
        return None
    name = state.task["metadata"]["name"]
    message = f"The CronJob {name!r} is being deleted. It is created again when it is gone."
    return Blocked(Reason.AWAITING_DELETION, message, _RETRY_DELETION)


# The first two both mean that the CronJob is not ours. The one of an earlier task goes
# away by itself, so its rule comes first: the user need not delete or rename anything.
BLOCKING: Final[Sequence[BlockingRule]] = (is_of_an_earlier_task, is_foreign, is_terminating)


def blocked(state: State) -> Blocked | None:
    """The answer of the first rule that blocks."""
    answers = (rule(state) for rule in BLOCKING)
    return next((answer for answer in answers if answer is not None), None)
