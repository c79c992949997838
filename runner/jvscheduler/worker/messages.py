"""What a loop and its worker say to each other: one JSON object on each line.

A run is named by its attempt's id. The worker keeps what it has to say until
the loop has acknowledged it, and gives back the claim with which a run was
started: a loop that was killed and started anew can record the runs of the one
before it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from jvscheduler.errors import SchedulerError


class InvalidMessage(SchedulerError):
    """A line that is no message: the two ends are of different versions."""


@dataclass(frozen=True)
class Prepare:
    """Import these modules once, for all runs to come; what cannot be imported is left to
    the runs themselves, which then say why."""

    modules: tuple[str, ...]


@dataclass(frozen=True)
class Start:
    """Fork a child, import in it what is missing, and wait for `Go`."""

    run_id: str
    entrypoint: str
    timeout_seconds: float | None
    environ: Mapping[str, str]
    """Set in the child, as a pod of the task would have it."""
    claim: Mapping[str, Any]
    """The attempt's first outcome as JSON has it; given back with its end."""


@dataclass(frozen=True)
class Go:
    """Its child sleeps by itself until it is due: many due at once need nobody else then."""

    run_id: str
    after_seconds: float = 0.0


@dataclass(frozen=True)
class Discard:
    """A child that has not been let go ends without a word. So do all such children of a
    connection that breaks."""

    run_id: str


@dataclass(frozen=True)
class Stop:
    """Terminate, then kill. `reason` goes into the run's end: `Terminated`, `Replaced`."""

    run_id: str
    reason: str


@dataclass(frozen=True)
class Acknowledge:
    """The end of this run is recorded; the worker may forget it."""

    run_id: str


@dataclass(frozen=True)
class Hello:
    """The first message of a connection: what the worker has in hand from before it.

    A run that it does not name has not been let go by this worker, or its end
    was acknowledged: the same worker may be told to start it again.
    """

    worker_id: str
    """Of this process: another one knows nothing of its runs."""
    running: Mapping[str, Mapping[str, Any]]
    """Run id → claim, of each run that was let go. Those that have ended are followed by
    their `Ended`."""


@dataclass(frozen=True)
class Ended:
    """`started_at` and `ended_at` in Unix seconds; the rest as in an outcome."""

    run_id: str
    claim: Mapping[str, Any]
    started_at: float
    ended_at: float
    status: str
    reason: str | None = None
    error_message: str | None = None
    traceback: str | None = None
    result: Any = None
    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
    log_tail: str = ""


@dataclass(frozen=True)
class Prepared:
    """Which modules runs find imported; `failed` says why the others are not."""

    modules: tuple[str, ...]
    failed: Mapping[str, str] = field(default_factory=dict)


Order: TypeAlias = Prepare | Start | Go | Discard | Stop | Acknowledge
Report: TypeAlias = Hello | Ended | Prepared
Message: TypeAlias = Order | Report

_KINDS: Final[Mapping[str, type[Message]]] = {
    kind.__name__: kind
    for kind in (Prepare, Start, Go, Discard, Stop, Acknowledge, Hello, Ended, Prepared)
}


def encode(message: Message) -> bytes:
    body = {"kind": type(message).__name__, **vars(message)}
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Message:
    """Raises InvalidMessage."""
    try:
        body = json.loads(line)
        kind = _KINDS[body.pop("kind")]
        listed = {k: tuple(v) for k, v in body.items() if isinstance(v, list) and k == "modules"}
        return kind(**{**body, **listed})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidMessage(f"not a message between loop and worker: {line[:80]!r}") from error
