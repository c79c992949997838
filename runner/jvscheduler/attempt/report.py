"""The report that a child writes at its end, in memory that it shares with its parent.

A pipe would not do: a task may close every file that it finds, or leave children that keep the
pipe open. The memory also holds the time at which the task's own code began.
"""

import json
import mmap
import struct
from dataclasses import dataclass, replace
from typing import Any, Final

from jvscheduler.outcomes import MAX_ERROR_BYTES, MAX_TRACEBACK_BYTES, Reason, clean, clip
from jvscheduler.outcomes import clip_start as keep_end

MAX_RESULT_BYTES: Final = 16 * 1024
"""A larger result is left out of the record: the history is no store for data."""

_HEAD: Final = struct.Struct("<dI")
"""The task's start time in Unix seconds, and the report's length in bytes; 0: not yet."""
_STARTED: Final = struct.Struct("<d")
_LENGTH: Final = struct.Struct("<I")
_SIZE: Final = 512 * 1024
"""Bytes. The longest report must fit: JSON writes a control character in six bytes."""


@dataclass(frozen=True)
class Report:
    """The task's outcome as the child saw it. `reason` is None when the task completed."""

    finished_at: float
    """By the monotonic clock, which all processes share."""
    reason: Reason | None = None
    error_message: str | None = None
    traceback: str | None = None
    result: Any = None

    @property
    def completed(self) -> bool:
        return self.reason is None


class SharedReport:
    """Made before the fork. The child writes; the parent reads after the child has ended."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SIZE)

    def write(self, report: Report) -> None:
        raw = encode(report)
        self._memory[_HEAD.size : _HEAD.size + len(raw)] = raw
        # The length is written last: a child that is killed before has left no report, not half a
        # report.
        _LENGTH.pack_into(self._memory, _STARTED.size, len(raw))

    def mark_started(self, at: float) -> None:
        """Note when the task's own code begins, in Unix seconds."""
        _STARTED.pack_into(self._memory, 0, at)

    def started_at(self) -> float | None:
        started_at, _ = _HEAD.unpack_from(self._memory)
        return started_at or None

    def read(self) -> Report | None:
        _, length = _HEAD.unpack_from(self._memory)
        if not length:
            return None
        data = json.loads(self._memory[_HEAD.size : _HEAD.size + length])
        return Report(**{**data, "reason": data["reason"] and Reason(data["reason"])})


def encode(report: Report) -> bytes:
    return json.dumps(vars(_limited(report))).encode()


def storable(result: Any) -> Any:
    """Return the result as every database can store it; None when it is too large or not JSON."""
    try:
        text = json.dumps(result, allow_nan=False, ensure_ascii=False)
        small = len(text.encode()) <= MAX_RESULT_BYTES
    except BaseException:  # noqa: BLE001 - a subclass of dict runs its own code here
        return None
    # PostgreSQL's JSON refuses NUL characters, and the whole record would be lost with them.
    return json.loads(text) if small and "\\u0000" not in text else None


def _limited(report: Report) -> Report:
    error, trace = report.error_message, report.traceback
    return replace(
        report,
        error_message=error and clip(clean(error), MAX_ERROR_BYTES),
        traceback=trace and keep_end(clean(trace), MAX_TRACEBACK_BYTES),
    )
