"""One attempt of a job, as the job's record keeps it.

A record stores its attempts as JSON objects. They are parsed and written here only.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Final, Self

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.times import to_text
from jvscheduler.outcomes import Status


@dataclass(frozen=True)
class AttemptRecord:
    attempt_id: str
    """Unique within the job. For an attempt in a pod of its own, the pod's name."""
    status: Status
    """`running`, or how the attempt ended."""
    reason: str | None
    """Why it ended so, as a CamelCase word; None when it runs or completed."""
    start_time: datetime
    completion_time: datetime | None
    """None while it runs. For a lost attempt, when somebody noticed that it was lost."""
    error_message: str | None
    node_name: str | None
    """The node that it ran on; None outside a cluster, and while that is not known."""
    number: int = 1
    """Its position among the job's attempts in the order of their starts, from 1."""
    later_fields: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Fields that a later version stored. They are written back as they are.

    Without them, an older server would erase them when it closes another attempt of the job."""

    @property
    def is_final(self) -> bool:
        return self.status.is_final

    @property
    def last_time(self) -> datetime:
        """When it ended, or when it started while it runs."""
        return self.completion_time or self.start_time

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """Raises ValueError or KeyError when the object is not an attempt."""
        end = stored.get("completion_time")
        return cls(
            attempt_id=stored["attempt_id"],
            status=Status(stored["status"]),
            reason=stored.get("reason"),
            start_time=datetime.fromisoformat(stored["start_time"]),
            completion_time=datetime.fromisoformat(end) if end else None,
            error_message=stored.get("error_message"),
            node_name=stored.get("node_name"),
            number=stored.get("number", 1),
            later_fields={name: stored[name] for name in stored if name not in _NAMES},
        )

    def to_stored(self) -> dict[str, Any]:
        return {
            "attempt_id": self.attempt_id,
            "status": self.status.value,
            "reason": self.reason,
            "start_time": to_text(self.start_time),
            "completion_time": self.completion_time and to_text(self.completion_time),
            "error_message": self.error_message,
            "node_name": self.node_name,
            "number": self.number,
            **self.later_fields,
        }


_NAMES: Final = frozenset(f.name for f in fields(AttemptRecord)) - {"later_fields"}


def attempts_of(job: ScheduledJob) -> tuple[AttemptRecord, ...]:
    """The job's attempts, in the order of their starts."""
    return tuple(AttemptRecord.from_stored(stored) for stored in job.attempts)


def in_order(attempts: Iterable[AttemptRecord]) -> list[AttemptRecord]:
    """Sorted by their starts, and numbered from 1."""
    ordered = sorted(attempts, key=lambda attempt: (attempt.start_time, attempt.attempt_id))
    return [
        attempt if attempt.number == number else replace(attempt, number=number)
        for number, attempt in enumerate(ordered, 1)
    ]
