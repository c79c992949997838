"""What the task's process says of its own end, in memory that both processes see.

Not a pipe: a task may close every file it finds, or leave children that hold
the pipe open. The length is written last, so that half a report is none.
When the task began is there too.
"""

import json
import mmap
import struct
from dataclasses import dataclass, replace
from typing import Any, Final

from jvscheduler.outcomes import MAX_ERROR_BYTES, MAX_TRACEBACK_BYTES, Reason, clean, clip
from jvscheduler.outcomes import clip_start as keep_end

MAX_RESULT_BYTES: Final = 16 * 1024
_HEAD: Final = struct.Struct("<dI")
"""When the task began, and the report's length; 0 so long as there is none."""
_BEGUN: Final = struct.Struct("<d")
_LENGTH: Final = struct.Struct("<I")
_SIZE: Final = 512 * 1024


@dataclass(frozen=True)
class Report:
    """`finished_at` is of the monotonic clock, which all processes share."""

    finished_at: float
    reason: Reason | None = None
    error_message: str | None = None
    traceback: str | None = None
    result: Any = None

    @property
    def completed(self) -> bool:
        return self.reason is None


class Board:
    """Made before the fork; the child writes, the supervisor reads when the child has ended."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SIZE)

    def write(self, report: Report) -> None:
        raw = encode(report)
        self._memory[_HEAD.size : _HEAD.size + len(raw)] = raw
        _LENGTH.pack_into(self._memory, _BEGUN.size, len(raw))

    def begin(self, at: float) -> None:
        """`at` in Unix seconds."""
        _BEGUN.pack_into(self._memory, 0, at)

    def begun_at(self) -> float | None:
        begun_at, _ = _HEAD.unpack_from(self._memory)
        return begun_at or None

    def read(self) -> Report | None:
        _, length = _HEAD.unpack_from(self._memory)
        if not length:
            return None
        data = json.loads(self._memory[_HEAD.size : _HEAD.size + length])
        return Report(**{**data, "reason": data["reason"] and Reason(data["reason"])})


def encode(report: Report) -> bytes:
    return json.dumps(vars(_limited(report))).encode()


def presentable(result: Any) -> Any:
    """What JSON and every database can hold of a task's result, if it is small; else None."""
    try:
        text = json.dumps(result, allow_nan=False, ensure_ascii=False)
        small = len(text.encode()) <= MAX_RESULT_BYTES
    except (TypeError, ValueError, RecursionError):
        return None
    return json.loads(text) if small and "\\u0000" not in text else None


def _limited(report: Report) -> Report:
    error, trace = report.error_message, report.traceback
    return replace(
        report,
        error_message=error and clip(clean(error), MAX_ERROR_BYTES),
        traceback=trace and keep_end(clean(trace), MAX_TRACEBACK_BYTES),
    )
