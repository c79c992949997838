"""Types and reasons of conditions, and reasons of Events: words that a user may search for."""

from enum import StrEnum


class ConditionType(StrEnum):
    """The operator's. `Suspended` is present only while it is true."""

    ACCEPTED = "Accepted"
    READY = "Ready"
    SUSPENDED = "Suspended"


class Reason(StrEnum):
    """Where one means the same as a reason of the CronJob controller, it is the same word."""

    ACCEPTED = "Accepted"
    CONFLICT = "Conflict"
    INVALID_NAME = "InvalidName"
    INVALID_SPEC = "InvalidSpec"
    INVALID_TIME_ZONE = "InvalidTimeZone"
    INVALID_SCHEDULE = "InvalidSchedule"
    INVALID_ARGS = "InvalidArgs"
    INVALID_TEMPLATE = "InvalidTemplate"
    INVALID_BACKEND = "InvalidBackend"
    TEMPLATE_FORBIDDEN = "TemplateForbidden"
    CRON_JOB_READY = "CronJobReady"
    LOOP_READY = "LoopReady"
    LOOP_NOT_AVAILABLE = "LoopNotAvailable"
    LOOP_FAILING = "LoopFailing"
    RUNNER_NOT_FOUND = "RunnerNotFound"
    NOT_ACCEPTED = "NotAccepted"
    NAME_CONFLICT = "NameConflict"
    AWAITING_DELETION = "AwaitingDeletion"
    APPLY_FAILED = "ApplyFailed"
    HISTORY_NOT_READY = "HistoryNotReady"
    SUSPENDED_BY_SPEC = "SuspendedBySpec"
    LOOP_ASSIGNED = "LoopAssigned"
    SUCCESSFUL_CREATE = "SuccessfulCreate"
    SUCCESSFUL_UPDATE = "SuccessfulUpdate"
    MISS_SCHEDULE = "MissSchedule"
    JOB_ALREADY_ACTIVE = "JobAlreadyActive"
