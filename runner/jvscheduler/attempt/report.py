"""The report that a child writes at its end, in memory that it shares with its parent.

A pipe would not do: a task may close every file that it finds, or leave children that keep the
pipe open. The memory also holds the time at which the task's own code began.
"""

import json
import mmap
import struct
from dataclasses import dataclass, replace
from typing import Any, Final

from jvscheduler.attempt.tracebacks import error_message
from jvscheduler.outcomes import (
    MAX_DEPTH,
    MAX_ERROR_BYTES,
    MAX_RESULT_BYTES,
    MAX_TRACEBACK_BYTES,
    Reason,
    is_deeper,
)
from jvscheduler.redaction import Redactor

_STARTED: Final = struct.Struct("<dd")
"""When the task's own code began, in Unix seconds and by the monotonic clock; 0: not yet."""
_LATEST: Final = 1e11
"""No clock shows as many seconds."""
_LENGTH: Final = struct.Struct("<I")
"""The report's length in bytes; 0: not yet."""
_LENGTH_AT: Final = _STARTED.size
_FINISHED: Final = struct.Struct("<d")
"""When the task's own code ended, by the monotonic clock; 0: not yet."""
_FINISHED_AT: Final = _LENGTH_AT + _LENGTH.size
_LOADED_AT: Final = _FINISHED_AT + _FINISHED.size
"""One byte: 1 when the task is imported, or when its import has failed."""
_OVER_AT: Final = _LOADED_AT + 1
"""One byte, which the parent writes: 1 when a time limit is over."""
_REPORT_AT: Final = _OVER_AT + 1
_SIZE: Final = 512 * 1024
"""The bytes of memory for a report. The longest report must fit: JSON writes a control character in
six bytes."""


@dataclass(frozen=True)
class Report:
    """The task's outcome as the child saw it. `reason` is None when the task completed.

    Then `error_message` says why the task's result is not in the record, if it is not.
    """

    finished_at: float
    """By the monotonic clock, which all processes share."""
    reason: Reason | None = None
    error_message: str | None = None
    traceback: str | None = None
    result: Any = None
    is_last: bool = False
    """True for an exception after which no further attempt is made."""

    @property
    def completed(self) -> bool:
        return self.reason is None


class SharedReport:
    """Made before the fork. The child writes; the parent reads.

    The parent reads at any time how far the child has come, and the report when the child has
    ended. It writes one thing itself: that a time limit is over.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._memory = mmap.mmap(-1, _SIZE)
        self._redactor = redactor

    def write(self, report: Report) -> None:
        raw = encode(report, self._redactor)
        self._memory[_REPORT_AT : _REPORT_AT + len(raw)] = raw
        # The length is written last: a child that is killed before has left no report, not half a
        # report.
        _LENGTH.pack_into(self._memory, _LENGTH_AT, len(raw))
        _FINISHED.pack_into(self._memory, _FINISHED_AT, report.finished_at)

    def mark_loaded(self) -> None:
        self._memory[_LOADED_AT] = 1

    def is_loaded(self) -> bool:
        return self._memory[_LOADED_AT] == 1

    def mark_started(self, at: float, monotonic: float) -> None:
        """Note when the task's own code begins, in Unix seconds and by the monotonic clock."""
        _STARTED.pack_into(self._memory, 0, at, monotonic)

    def started_at(self) -> float | None:
        """Return the start in Unix seconds."""
        started_at, _ = _STARTED.unpack_from(self._memory)
        return _moment(started_at)

    def started_monotonic(self) -> float | None:
        _, started = _STARTED.unpack_from(self._memory)
        return _moment(started)

    def ended_at(self, now: float, monotonic: float) -> float:
        """Return the end in Unix seconds of a task that ends now.

        If the clock was set back meanwhile, that is not before the start: the task has run for as
        long as the monotonic clock says.
        """
        started_at, started = self.started_at(), self.started_monotonic()
        return max(now, started_at + monotonic - started) if started and started_at else now

    def finished_monotonic(self) -> float | None:
        (finished,) = _FINISHED.unpack_from(self._memory, _FINISHED_AT)
        return _moment(finished)

    def mark_time_over(self) -> None:
        self._memory[_OVER_AT] = 1

    def is_time_over(self) -> bool:
        return self._memory[_OVER_AT] == 1

    def read(self) -> Report | None:
        (length,) = _LENGTH.unpack_from(self._memory, _LENGTH_AT)
        if not length:
            return None
        return _read(self._memory[_REPORT_AT : _REPORT_AT + length])


def _read(raw: bytes) -> Report | None:
    """Return the report. None: the task's code has written something else there."""
    try:
        data = json.loads(raw)
        report = Report(**{**data, "reason": data["reason"] and Reason(data["reason"])})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    texts = (report.error_message, report.traceback)
    is_valid = (
        _moment(report.finished_at)
        and all(isinstance(t, str | None) for t in texts)
        and isinstance(report.is_last, bool)
    )
    return report if is_valid else None


def _moment(seconds: Any) -> float | None:
    """Return a time. None for what is none: a task's code may write into the memory."""
    is_time = isinstance(seconds, float) and 0 < seconds < _LATEST
    return seconds if is_time else None


def encode(report: Report, redactor: Redactor) -> bytes:
    return json.dumps(vars(_limited(report, redactor))).encode()


class NotStorable(Exception):
    """A result that the record cannot hold. Its text says why."""


def storable(result: Any) -> Any:
    """Return the result as every database and reader takes it. Raises NotStorable."""
    try:
        text = json.dumps(result, allow_nan=False, ensure_ascii=False)
        size = len(text.encode())
        stored = json.loads(text)
    except BaseException as error:  # noqa: BLE001 - a subclass of dict runs its own code here
        raise NotStorable(f"it is no JSON ({error_message(error)})") from None
    if size > MAX_RESULT_BYTES:
        raise NotStorable(f"it has {size} bytes of JSON, and {MAX_RESULT_BYTES} are allowed")
    # PostgreSQL's JSON refuses NUL characters, and the whole record would be lost with them.
    if "\\u0000" in text:
        raise NotStorable("it has a NUL character, which no database takes")
    if is_deeper(stored, MAX_DEPTH):
        raise NotStorable(f"it is nested deeper than {MAX_DEPTH}")
    return stored


def _limited(report: Report, redactor: Redactor) -> Report:
    """Return the report without secrets, and cut: in this order, so that no cut leaves a half."""
    error, trace = report.error_message, report.traceback
    return replace(
        report,
        error_message=error and redactor.clip(error, MAX_ERROR_BYTES),
        traceback=trace and redactor.clip_start(trace, MAX_TRACEBACK_BYTES),
        result=redactor.redact_json(report.result),
    )
