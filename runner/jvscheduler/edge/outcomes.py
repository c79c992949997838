"""Reads the outcome of an attempt that another process wrote."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from jvscheduler.edge.bounded_json import read_strict_json
from jvscheduler.edge.values import (
    Error,
    Large,
    LogTail,
    Name,
    Result,
    Seconds,
    Small,
    Time,
    Traceback,
    Word,
    present,
    problem_of,
)
from jvscheduler.outcomes import MAX_MESSAGE_BYTES, Outcome, Status


class _Outcome(BaseModel):
    """The fields of `Outcome`. A key that this version does not know is ignored: a newer version
    wrote it."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    job_id: Name
    task_id: Name
    namespace: Name
    job_name: Name
    attempt_id: Name
    status: str
    scheduled_time: Time | None = None
    start_time: Time
    completion_time: Time | None = None
    reason: Word | None = None
    error_message: Error | None = None
    traceback: Traceback | None = None
    cpu_seconds: Seconds | None = None
    peak_memory_bytes: Large | None = None
    retry_count: Small = 0
    node_name: Name | None = None
    result: Result = None
    log_tail: LogTail | None = None
    loop: Name | None = None
    is_last: bool = False
    recorded: bool = False


def from_json(data: Any) -> Outcome:
    """The inverse of `outcomes.to_json`. Raises ValueError."""
    try:
        read = _Outcome.model_validate(present(data))
    except ValidationError as error:
        raise ValueError(f"not the outcome of a run: {problem_of(error)}") from None
    fields: Mapping[str, Any] = {name: getattr(read, name) for name in _Outcome.model_fields}
    return Outcome(**{**fields, "status": Status(read.status)})


def from_message(text: str) -> Outcome:
    """The inverse of `outcomes.to_message`.

    Raises ValueError for any other text, such as a message that the task's code wrote itself.
    """
    if len(text.encode()) > MAX_MESSAGE_BYTES:
        raise ValueError(f"it has more than {MAX_MESSAGE_BYTES} bytes")
    return from_json(read_strict_json(text))
