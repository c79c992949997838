"""What deciding answers: facts to report and acts to do, as data."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from jvscheduler_operator.state import Manifest


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
    BACKEND_UNAVAILABLE = "BackendUnavailable"
    CRON_JOB_READY = "CronJobReady"
    NOT_ACCEPTED = "NotAccepted"
    NAME_CONFLICT = "NameConflict"
    AWAITING_DELETION = "AwaitingDeletion"
    APPLY_FAILED = "ApplyFailed"
    SUSPENDED_BY_SPEC = "SuspendedBySpec"
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
    """The CronJob cannot be applied now; look again after `retry_after`."""

    reason: Reason
    message: str
    retry_after: timedelta


@dataclass(frozen=True)
class Plan:
    """Acts come in the order of the fields; None: nothing to do."""

    accepted: Verdict
    secret: Manifest | None = None
    anchor: Manifest | None = None
    """Patch of the CronJob's status, see `anchors`."""
    cron_job: Manifest | None = None
    desired: Manifest | None = None
    """What `cron_job` would be, also when it is in order already."""
    blocked: Blocked | None = None


class Change(StrEnum):
    CREATED = "created"
    UPDATED = "updated"


@dataclass(frozen=True)
class Applied:
    """What became of a plan's CronJob. `child` is ours, or None."""

    child: Manifest | None
    change: Change | None = None
    failure: str | None = None
