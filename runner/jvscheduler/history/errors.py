"""The errors that entities and their queries raise."""

from jvscheduler.errors import InvalidInput, SchedulerError


class InvalidQuery(InvalidInput):
    """A query, an update or a pipeline that cannot be understood, or a value that cannot be stored.

    Nothing was changed.
    """


class UndecodableRecord(SchedulerError):
    """The row is not a valid entity: something other than that entity's code wrote it."""


class AlreadyExists(SchedulerError):
    """An entity with this id exists: another process or an earlier call created it."""
