"""Makes Python's `logging` write our lines: for every logger of the process, also of libraries.

The standard library is enough: one formatter does it, and uvicorn, kopf and the Kubernetes client
log by it anyway. Errors that nobody caught become lines too, as Python would print many.
"""

import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

from jvscheduler.logs.lines import CONTEXT, Entry, Lines, shown
from jvscheduler.logs.settings import LogSettings
from jvscheduler.redaction import FORMS_ONLY

_LEVELS: Final = {"critical": "error"}
"""Levels of `logging` that have another name in a line."""
_UNCAUGHT: Final = logging.getLogger("jvscheduler.uncaught")
_END: Final = logging.getLogger("jvscheduler.end")


class LineFormatter(logging.Formatter):
    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines

    def format(self, record: logging.LogRecord) -> str:
        level = record.levelname.lower()
        known = {name: getattr(record, name, None) for name in CONTEXT}
        return self._lines.line(
            Entry(
                datetime.fromtimestamp(record.created, tz=UTC),
                _LEVELS.get(level, level),
                record.name,
                _message(record),
                {name: value for name, value in known.items() if value is not None},
                _traceback(record),
            )
        )


def log_lines(settings: LogSettings) -> None:
    """Let this process log by `settings`, on stderr. An application that logs already goes on."""
    if logging.root.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(settings.lines))
    logging.basicConfig(level=settings.level.upper(), handlers=[handler])
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


def log_end(error: Exception) -> None:
    """Say why the process cannot go on: its settings, or what it needs, are at fault."""
    if logging.root.handlers:
        _END.critical("%s", error)
    else:  # it cannot be known how to log
        sys.stderr.write(f"error: {shown(FORMS_ONLY, str(error))}\n")


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001 - a library's arguments may not fit its text
        return f"{record.msg} (its arguments cannot be shown: {type(error).__name__})"


def _traceback(record: logging.LogRecord) -> str:
    error = record.exc_info[1] if record.exc_info else None
    return "".join(traceback.format_exception(error)) if error else record.exc_text or ""


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        _UNCAUGHT.critical("the process ends by an error", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None:
        _UNCAUGHT.critical("a thread ends by an error", exc_info=arguments.exc_value)
