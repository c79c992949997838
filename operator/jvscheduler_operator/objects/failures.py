"""An apply that failed, as the status of a task reports it."""

from dataclasses import dataclass

from jvscheduler.errors import SchedulerError, TemporaryError


@dataclass(frozen=True)
class Failure:
    message: str
    temporary: TemporaryError | None = None
    """To be raised after the report, so that the key is reconciled again soon."""

    @classmethod
    def of(cls, what: str, error: SchedulerError) -> "Failure":
        return cls(f"{what}: {error}", error if isinstance(error, TemporaryError) else None)
