"""What deciding answers: facts to report and acts to do, as data."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from jvscheduler.manifests.backends import Backend
from jvscheduler.schedules import Schedule
from jvscheduler_operator.objects.manifests import Manifest


class Condition(StrEnum):
    """Types of conditions; `Suspended` is there only while it is true."""

    ACCEPTED = "Accepted"
    READY = "Ready"
    SUSPENDED = "Suspended"


class Reason(StrEnum):
    """Reasons of conditions and Events: words that a user may search for."""

    ACCEPTED = "Accepted"
    INVALID_NAME = "InvalidName"
    INVALID_SPEC = "InvalidSpec"
    INVALID_TIME_ZONE = "InvalidTimeZone"
    INVALID_SCHEDULE = "InvalidSchedule"
    INVALID_TEMPLATE = "InvalidTemplate"
    INVALID_BACKEND = "InvalidBackend"
    CRON_JOB_READY = "CronJobReady"
    LOOP_READY = "LoopReady"
    LOOP_NOT_AVAILABLE = "LoopNotAvailable"
    NOT_ACCEPTED = "NotAccepted"
    NAME_CONFLICT = "NameConflict"
    AWAITING_DELETION = "AwaitingDeletion"
    APPLY_FAILED = "ApplyFailed"
    SUSPENDED_BY_SPEC = "SuspendedBySpec"
    LOOP_ASSIGNED = "LoopAssigned"
    SUCCESSFUL_CREATE = "SuccessfulCreate"
    SUCCESSFUL_UPDATE = "SuccessfulUpdate"


@dataclass(frozen=True)
class Verdict:
    """Of one condition."""

    is_true: bool
    reason: Reason
    message: str


@dataclass(frozen=True)
class Blocked:
    """What the spec asks for cannot carry the task now; look again after `retry_after`."""

    reason: Reason
    message: str
    retry_after: timedelta


@dataclass(frozen=True)
class Retirement:
    """Of the CronJob of a task that a loop serves, see `retiring`."""

    patch: Manifest | None = None
    deletes: bool = False
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class Plan:
    """Acts come in the order of the fields; None: nothing to do. `retirement` comes after the
    status is written."""

    accepted: Verdict
    backend: Backend | None = None
    """What the spec asks for; None: it is not accepted."""
    secret: Manifest | None = None
    anchor: Manifest | None = None
    """Patch of the CronJob's status, see `anchors`."""
    cron_job: Manifest | None = None
    desired: Manifest | None = None
    """What `cron_job` would be, also when it is in order already."""
    blocked: Blocked | None = None
    loop: str | None = None
    """The loop that serves the task, unless its CronJob takes over in this pass."""
    schedule: Schedule | None = None
    retirement: Retirement = field(default_factory=Retirement)


class Change(StrEnum):
    CREATED = "created"
    UPDATED = "updated"


@dataclass(frozen=True)
class Applied:
    """What became of a plan's CronJob. `child` is ours, or None."""

    child: Manifest | None
    change: Change | None = None
    failure: str | None = None


def serving_loop(plan: Plan, applied: Applied) -> str | None:
    """The Deployment that serves the task once the plan is carried out; a CronJob takes over
    only when it is there and in order."""
    is_in_order = plan.blocked is None and applied.failure is None
    return None if plan.backend == "CronJob" and is_in_order else plan.loop
