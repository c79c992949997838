"""One event as one line: JSON, or text for people. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from jvscheduler.outcomes import one_line
from jvscheduler.redaction import FORMS_ONLY, Redactor

MAX_LINE_BYTES: Final = 16 * 1024 - 1
"""Container runtimes split a line that is longer."""
_LIMITS: Final = (8192, 2048, 512, 128)
"""Bytes of a text in a line. JSON's escapes lengthen it by a factor that is not known before."""
_MAX_FIELD_BYTES: Final = 200
CONTEXT: Final = (
    *("namespace", "task", "task_id", "job", "attempt", "pod", "loop", "node"),
    *("status", "reason", "event"),
)
"""What an event may be about, besides its message. Other attributes are not logged."""


class Form(StrEnum):
    JSON = "json"
    TEXT = "text"


@dataclass(frozen=True)
class Entry:
    """Something that happened."""

    time: datetime
    level: str
    logger: str
    message: str
    context: Mapping[str, object] = field(default_factory=dict)
    traceback: str = ""


@dataclass(frozen=True)
class Lines:
    """Writes entries in one form. `context` is that of the whole process."""

    form: Form = Form.TEXT
    redactor: Redactor = FORMS_ONLY
    context: Mapping[str, object] = field(default_factory=dict)

    def line(self, entry: Entry) -> str:
        """Return the entry without a line break at its end. Only a traceback's text has others."""
        return self._json(entry) if self.form is Form.JSON else self._text(entry)

    def _json(self, entry: Entry) -> str:
        fields = {
            "time": _time(entry.time),
            "level": entry.level,
            "logger": entry.logger,
            **{
                name: self._field(value)
                for name, value in {**self.context, **entry.context}.items()
            },
        }
        for limit in _LIMITS:
            texts = {"message": self.redactor.clip(entry.message, limit)}
            if entry.traceback:
                texts["traceback"] = self.redactor.clip_start(entry.traceback, limit)
            line = _dumped({**fields, **texts})
            if len(line) <= MAX_LINE_BYTES:
                break
        return line

    def _text(self, entry: Entry) -> str:
        message = shown(self.redactor, entry.message)
        head = f"{_time(entry.time)} {entry.level.upper()} {entry.logger}: {message}"
        trace = self.redactor.clip_start(entry.traceback, _LIMITS[0])
        # Indented, so that no line of a traceback can pass for an event of its own.
        return "\n".join([head, *(f"    {one_line(line)}" for line in trace.splitlines())])

    def _field(self, value: object) -> str:
        return self.redactor.clip(str(value), _MAX_FIELD_BYTES)


def shown(redactor: Redactor, message: str) -> str:
    """Return a message as a part of one line of text."""
    return one_line(redactor.clip(message, _LIMITS[0]), _LIMITS[0])


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _dumped(fields: Mapping[str, str]) -> str:
    """ASCII only, so that no reader finds a line break, or a command to a terminal."""
    line = json.dumps(fields)
    return line.replace("\x7f", "\\u007f")
