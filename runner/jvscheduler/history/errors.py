"""The errors that entities and their queries raise."""

from jvscheduler.errors import SchedulerError


class InvalidQuery(SchedulerError):
    """The query, update or pipeline cannot be understood. Nothing was read or changed."""


class UndecodableRecord(SchedulerError):
    """The row is not a valid entity: something other than that entity's code wrote it."""


class AlreadyExists(SchedulerError):
    """An entity with this id exists: another process or an earlier call created it."""
