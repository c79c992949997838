"""The limits of a process's connections to its database."""

from dataclasses import dataclass
from typing import Final

PATIENCE_SECONDS: Final = 10.0
"""The patience of a loop and a server: they make up later for what they could not write."""
TASK_PATIENCE_SECONDS: Final = 60.0
"""The patience of a task and its runner: at midnight many more of them may start than connections
are left. After that they go on as when the history is away."""
IDLE_SECONDS: Final = 60.0
"""A process that lives long keeps a connection that it uses every few seconds, and no other."""


@dataclass(frozen=True)
class Limits:
    connections: int
    """The most at the same time. Each is opened when a call needs it."""
    call_seconds: float
    """How long a statement may take."""
    patience_seconds: float
    """How long a call waits for a connection while the database has none left."""
    idle_seconds: float
    """A connection that no call has used for so long is closed."""
