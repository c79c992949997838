"""The outcome of one attempt, with the same fields in the history and in a termination message.

The runner reports an outcome twice: it writes the record, and it writes the
container's termination message. If the record could not be written because the
database was away, the server writes it from the message.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

MAX_ERROR_BYTES: Final = 4 * 1024
MAX_TRACEBACK_BYTES: Final = 32 * 1024
MAX_RESULT_BYTES: Final = 16 * 1024
"""A larger result is left out of the record: the history is no store for data."""
MAX_LOG_TAIL_BYTES: Final = 16 * 1024
MAX_DEPTH: Final = 50
"""Dicts and lists inside each other, in a result or in an entity's field. Readers have limits."""
MAX_MESSAGE_BYTES: Final = 4096
"""Kubernetes cuts a longer termination message, and cut JSON cannot be parsed."""

_TIMES: Final = ("scheduled_time", "start_time", "completion_time")


_CONTAINERS: Final = (dict, list, tuple, set, frozenset)


class Status(StrEnum):
    """The status of a job. A job that is `pending` or `running` has not ended; any other has."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    MISSED = "missed"
    SKIPPED = "skipped"

    @property
    def is_final(self) -> bool:
        return self not in (Status.PENDING, Status.RUNNING)


class Reason(StrEnum):
    """Why a job ended as it did. `docs/operations/troubleshooting.md` explains each reason."""

    TASK_RAISED = "TaskRaised"
    TASK_NOT_FOUND = "TaskNotFound"
    INVALID_ARGS = "InvalidArgs"
    IMPORT_FAILED = "ImportFailed"
    IMPORT_TIMEOUT = "ImportTimeout"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    OOM_KILLED = "OOMKilled"
    CRASHED = "Crashed"
    TERMINATED = "Terminated"
    CONCURRENCY_LIMIT = "ConcurrencyLimit"
    EVICTED = "Evicted"
    IMAGE_PULL_FAILED = "ImagePullFailed"
    POD_DELETED = "PodDeleted"
    RUNNER_LOST = "RunnerLost"
    RUNNER_NOT_FOUND = "RunnerNotFound"
    CONTAINER_FAILED = "ContainerFailed"
    REPLACED = "Replaced"
    SUSPENDED = "Suspended"
    DEADLINE_MISSED = "DeadlineMissed"
    LOOP_DOWN = "LoopDown"
    LOOP_STALLED = "LoopStalled"
    CONTROLLER_DOWN = "ControllerDown"
    FAILED_CREATE = "FailedCreate"
    UNSCHEDULABLE = "Unschedulable"
    FAILED_MOUNT = "FailedMount"
    CREATE_CONTAINER_ERROR = "CreateContainerError"


@dataclass(frozen=True)
class Outcome:
    """One attempt of one job. Its status is `running` until the attempt has ended.

    Times are aware and in UTC. `cpu_seconds` and `peak_memory_bytes` are those of
    the task's own process, without the runner.
    """

    job_id: str
    task_id: str
    namespace: str
    job_name: str
    attempt_id: str
    """It differs between the attempts of a job. In a pod of its own it is the pod's name."""
    status: Status
    scheduled_time: datetime | None
    """The due instant. None: the job was started by hand."""
    start_time: datetime
    completion_time: datetime | None = None
    reason: str | None = None
    error_message: str | None = None
    traceback: str | None = None
    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
    retry_count: int = 0
    node_name: str | None = None
    result: Any = None
    """The task's return value as JSON. None when it is too large or has no JSON form."""
    log_tail: str | None = None
    """The end of the task's output. A loop keeps it; a pod's output is in Kubernetes' log."""
    loop: str | None = None
    """The loop that runs the attempt. None: the attempt has a pod of its own."""
    is_last: bool = False
    """True when no further attempt follows, even if `retry_count` allows one."""
    recorded: bool = False
    """True in the termination message of a runner that has also written the record."""

    @property
    def duration_seconds(self) -> float | None:
        if self.completion_time is None:
            return None
        return (self.completion_time - self.start_time).total_seconds()


@dataclass(frozen=True)
class Stretch:
    """Consecutive due instants of a task for which no job ran, all for one reason.

    `first` and `last` are the same for a single instant.
    """

    task_id: str
    namespace: str
    name: str
    """The task's resource name."""
    status: Status
    """`missed` or `skipped`."""
    reason: Reason
    message: str
    first: datetime
    last: datetime
    count: int


def to_json(outcome: Outcome) -> dict[str, Any]:
    """Every field that is not None. `edge.outcomes.from_json` is the inverse."""
    data: dict[str, Any] = {k: v for k, v in vars(outcome).items() if v is not None}
    return {**data, **{name: data[name].isoformat() for name in _TIMES if name in data}}


def summary(outcome: Outcome) -> str:
    """`failed in 1.2 s: TaskRaised: ValueError: no stock`"""
    took = f"{outcome.status} in {outcome.duration_seconds or 0:.1f} s"
    return ": ".join(t for t in (took, outcome.reason, outcome.error_message) if t)


def to_message(outcome: Outcome) -> str:
    """The outcome as JSON of at most 4096 bytes.

    The log tail is left out, because Kubernetes keeps the container's log. If the
    rest is too long, the result is left out, then the start of the traceback and
    the end of the error message are cut.
    """
    outcome = replace(outcome, log_tail=None)
    whole = _encode(outcome)
    if len(whole.encode()) <= MAX_MESSAGE_BYTES:
        return whole
    # JSON escapes lengthen a text by a factor that is not known before, so limits are tried.
    for limit in (4096, 2048, 1024, 512, 0):
        text = _encode(_shortened(outcome, limit))
        if len(text.encode()) <= MAX_MESSAGE_BYTES:
            return text
    raise ValueError(f"the outcome of {outcome.job_id} has no form of {MAX_MESSAGE_BYTES} bytes")


def is_deeper(value: Any, levels: int) -> bool:
    """True when a value of JSON has more levels of dicts and lists. It may even contain itself."""
    inside = [value]
    for _ in range(levels + 1):
        containers = [part for part in inside if isinstance(part, _CONTAINERS)]
        if not containers:
            return False
        inside = [
            item
            for part in containers
            for item in (part.values() if isinstance(part, dict) else part)
        ]
    return True


def clean(text: str) -> str:
    """The text with NUL and lone surrogates replaced.

    PostgreSQL refuses a NUL in JSON, and UTF-8 has no surrogates. Without this, an
    error message that quotes binary input would make its record impossible to write.
    """
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def clip(text: str, limit: int) -> str:
    """At most the first `limit` bytes of a text, in whole characters. "…" marks the cut."""
    raw = text.encode()
    return text if len(raw) <= limit else raw[: max(limit - 3, 0)].decode(errors="ignore") + "…"


def clip_start(text: str, limit: int) -> str:
    """At most the last `limit` bytes of a text. The end of a traceback says most."""
    raw = text.encode()
    return text if len(raw) <= limit else "…" + raw[-max(limit - 3, 1) :].decode(errors="ignore")


def one_line(text: str, limit: int = 500) -> str:
    """A part of one line: a name or a message that somebody else chose cannot forge a line of a
    log."""
    cut = clip(text.encode(errors="replace").decode(), limit)
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in cut)


def _shortened(outcome: Outcome, limit: int) -> Outcome:
    error = outcome.error_message and clip(outcome.error_message, max(limit, 256))
    trace = clip_start(outcome.traceback, limit) if outcome.traceback and limit else None
    return replace(outcome, error_message=error, traceback=trace, result=None)


def _encode(outcome: Outcome) -> str:
    return json.dumps(to_json(outcome), separators=(",", ":"), ensure_ascii=False)
