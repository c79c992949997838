"""The runner's own log lines, on stderr, apart from the task's output.

Not by Python's `logging`: that belongs to the task's code, which may change it.
"""

import sys
from datetime import UTC, datetime
from typing import Final

from jvscheduler.logs.lines import Entry, Form, shown
from jvscheduler.logs.settings import LogSettings

_LOGGER: Final = "jvscheduler.runner"


class _Log:
    """A process starts with text for people. A pod's runner says first what the pod wants."""

    def __init__(self) -> None:
        self._settings = LogSettings()

    def use(self, settings: LogSettings) -> None:
        self._settings = settings

    def say(self, text: str, level: str = "warning", traceback: str = "") -> None:
        if not self._settings.shows(level):
            return
        lines = self._settings.lines
        if lines.form is Form.JSON:
            entry = Entry(datetime.now(UTC), level, _LOGGER, text, traceback=traceback)
            line = lines.line(entry)
        else:
            line = f"{traceback}jvscheduler: {shown(lines.redactor, text)}"
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


_log: Final = _Log()
log_by = _log.use
say = _log.say
