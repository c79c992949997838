"""The messages between a loop and its worker: one JSON object on each line.

An attempt's id is called `run_id` here. The worker keeps the end of each attempt until the loop has
acknowledged it, so that a loop that was killed and started again can record the attempts that the
earlier loop started. The claim that comes back with an end is for loops of 0.1.0: a loop remembers
its claims itself, and believes of a worker only how an attempt of its own has ended.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from pydantic import ConfigDict, TypeAdapter

from jvscheduler.edge.values import Name
from jvscheduler.errors import SchedulerError


class InvalidMessage(SchedulerError):
    """A line that is not a message: the two ends have different versions."""


@dataclass(frozen=True)
class Prepare:
    """Import these modules once, for all later attempts.

    A module that cannot be imported is left to the attempts: each imports it itself and reports why
    that fails.
    """

    modules: tuple[str, ...]


@dataclass(frozen=True)
class Start:
    """Fork a child, import in it what is missing, and wait for `Go`."""

    run_id: str
    entrypoint: str
    timeout_seconds: float | None
    environ: Mapping[str, str]
    """Set in the child; the same variables as in a pod of the task."""
    claim: Mapping[str, Any]
    """The attempt's first outcome as JSON. The worker does not read it, but for the task's id in
    its log, and sends it back with the end."""
    args: Mapping[str, Any] = field(default_factory=dict)
    """Values for the function's own parameters, as JSON."""
    no_retry_on: tuple[str, ...] = ()
    """Names of exceptions after which no further attempt is made."""


@dataclass(frozen=True)
class Go:
    """Let the task begin after so many seconds.

    The child sleeps until then by itself, so that many tasks that are due at once begin on time.
    """

    run_id: str
    after_seconds: float = 0.0


@dataclass(frozen=True)
class Discard:
    """Kill a child that has had no `Go`; its end is not reported.

    When the connection breaks, the worker does this with all such children.
    """

    run_id: str


@dataclass(frozen=True)
class Stop:
    """Terminate the attempt; kill it when its grace is over."""

    run_id: str
    reason: str
    """`Terminated` or `Replaced`; it becomes the reason of the attempt's end."""


@dataclass(frozen=True)
class Acknowledge:
    """The end of this attempt is recorded; the worker may forget it."""

    run_id: str


@dataclass(frozen=True)
class Hello:
    """The first message of a connection: the attempts that the worker has from before it.

    An attempt that is not named had no `Go` in this worker, or its end was acknowledged. The loop
    may order the same worker to start it again.
    """

    worker_id: str
    """Names this process. Another worker process knows nothing of its attempts."""
    running: Mapping[str, Mapping[str, Any]]
    """Attempt id → claim, for each attempt that had its `Go`. For those that have ended, their
    `Ended` messages follow."""


@dataclass(frozen=True)
class Ended:
    """How an attempt ended: the fields of an outcome, and the claim that came with `Start`."""

    run_id: str
    claim: Mapping[str, Any]
    started_at: float
    """When the task's own code began, in Unix seconds."""
    ended_at: float
    """In Unix seconds."""
    status: str
    reason: str | None = None
    error_message: str | None = None
    traceback: str | None = None
    result: Any = None
    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
    log_tail: str = ""
    is_last: bool = False
    """True when no further attempt may follow: one of `no_retry_on` ended it."""


@dataclass(frozen=True)
class Prepared:
    """The modules that attempts find imported; `failed` says why each of the others is not."""

    modules: tuple[str, ...]
    failed: Mapping[str, str] = field(default_factory=dict)


Order: TypeAlias = Prepare | Start | Go | Discard | Stop | Acknowledge
"""From a loop to its worker."""
Answer: TypeAlias = Hello | Ended | Prepared
"""From a worker to its loop."""
Message: TypeAlias = Order | Answer
SendAnswer: TypeAlias = Callable[[Answer], None]

_KINDS: Final[Mapping[str, type[Message]]] = {
    kind.__name__: kind
    for kind in (Prepare, Start, Go, Discard, Stop, Acknowledge, Hello, Ended, Prepared)
}


_LATER: Final = {"args", "is_last", "no_retry_on"}
"""Fields that 0.1.0 does not have."""
_NAME: Final = TypeAdapter(Name)
_STRICT: Final = ConfigDict(strict=True)
# JSON knows no tuple: `modules` comes as a list.
_SHAPES: Final[Mapping[str, TypeAdapter[Any]]] = {
    "run_id": _NAME,
    "worker_id": _NAME,
    "modules": TypeAdapter(tuple[Name, ...]),
    "running": TypeAdapter(dict[Name, dict[str, Any]], config=_STRICT),
    "failed": TypeAdapter(dict[str, str], config=_STRICT),
    "args": TypeAdapter(dict[str, Any], config=_STRICT),
    "no_retry_on": TypeAdapter(tuple[str, ...]),
}


def encode(message: Message) -> bytes:
    kind = type(message).__name__
    # The other end may be of an earlier release, which does not know such a field. It gets none
    # from a task that does without.
    fields = {name: v for name, v in vars(message).items() if name not in _LATER or v}
    body = {"kind": kind, **fields}
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Message:
    """Raises InvalidMessage.

    Names have their types and bounds. What an end says is checked by who has its claim: so the
    attempt of an end that cannot be read ends all the same.
    """
    try:
        body = json.loads(line)
        kind = _KINDS[body.pop("kind")]
        for name, shape in _SHAPES.items():
            if name in body:
                body[name] = shape.validate_python(body[name])
        return kind(**body)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidMessage(f"not a message between loop and worker: {line[:80]!r}") from error
