"""Reads the end of a container's log, which Kubernetes puts in place of a missing message."""

from typing import Any

from jvscheduler.edge.bounded_json import read_strict_json
from jvscheduler.redaction import FORMS_ONLY


def text_of(log: str) -> str:
    """Return the log as text for people: of a line that `logs` wrote as JSON, its message.

    Whatever has the form of a secret is taken out: the log is the output of a task.
    """
    return FORMS_ONLY.redact("\n".join(map(_message, log.splitlines())))


def is_log(text: str) -> bool:
    """True when the first line is one that `logs` wrote as JSON."""
    first = text.partition("\n")[0]
    return _message(first) != first


def _message(line: str) -> str:
    if not line.startswith('{"time":'):
        return line
    try:
        entry: Any = read_strict_json(line)
    except ValueError:
        return line
    message = entry.get("message")
    return message if isinstance(message, str) else line
