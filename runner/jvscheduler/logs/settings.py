"""How a process logs: from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from jvscheduler import environment
from jvscheduler.errors import InvalidSettings
from jvscheduler.logs.lines import Form, Lines
from jvscheduler.redaction import redactor_of

LEVELS: Final = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class LogSettings:
    lines: Lines = field(default_factory=Lines)
    level: str = "info"

    def shows(self, level: str) -> bool:
        return LEVELS.index(level) >= LEVELS.index(self.level)


def read_log_settings(
    environ: Mapping[str, str] = os.environ,
    *,
    context: Mapping[str, str | None] | None = None,
    level: str | None = None,
) -> LogSettings:
    """`context` is in every line, but for what is None. `level` wins over the environment.

    Raises InvalidSettings, which names the variable.
    """
    form = environ.get(environment.LOG_FORMAT) or Form.TEXT
    if form not in list(Form):
        raise InvalidSettings(
            f"{environment.LOG_FORMAT} must be one of {', '.join(Form)}; got {form[:80]!r}"
        )
    chosen = (level or environ.get(environment.LOG_LEVEL) or "info").lower()
    if chosen not in LEVELS:
        raise InvalidSettings(
            f"the log level {chosen[:80]!r} ({environment.LOG_LEVEL}) must be one of "
            + ", ".join(LEVELS)
        )
    known = {name: value for name, value in (context or {}).items() if value is not None}
    return LogSettings(Lines(Form(form), redactor_of(environ), known), chosen)
