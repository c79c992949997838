"""What became of one attempt, in the words that records and termination messages share.

The runner says it twice: to the history, and as the container's termination
message, from which the server repairs the history when the first did not get
through. Both therefore carry the same facts under the same names.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

MAX_ERROR_BYTES: Final = 4 * 1024
MAX_TRACEBACK_BYTES: Final = 32 * 1024
MAX_MESSAGE_BYTES: Final = 4096
"""Kubernetes cuts a container's termination message here, which would break its JSON."""

_TIMES: Final = ("scheduled_time", "start_time", "completion_time")


class Status(StrEnum):
    """Of a job. `pending` and `running` are not the end; the others are."""

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
    """Why a job ended as it did; a CamelCase word that a user may search for."""

    TASK_RAISED = "TaskRaised"
    TASK_NOT_FOUND = "TaskNotFound"
    IMPORT_FAILED = "ImportFailed"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    OOM_KILLED = "OOMKilled"
    CRASHED = "Crashed"
    TERMINATED = "Terminated"
    CONCURRENCY_LIMIT = "ConcurrencyLimit"
    EVICTED = "Evicted"
    IMAGE_PULL_FAILED = "ImagePullFailed"
    POD_DELETED = "PodDeleted"
    RUNNER_LOST = "RunnerLost"
    CONTAINER_FAILED = "ContainerFailed"
    REPLACED = "Replaced"
    SUSPENDED = "Suspended"
    DEADLINE_MISSED = "DeadlineMissed"
    LOOP_DOWN = "LoopDown"
    LOOP_STALLED = "LoopStalled"
    CONTROLLER_DOWN = "ControllerDown"


@dataclass(frozen=True)
class Outcome:
    """One attempt of one job: begun (`running`) or ended.

    Times are aware, UTC. `cpu_seconds` and `peak_memory_bytes` are those of the
    task's own process. `attempt_id` tells attempts of one job apart: in a
    cluster the pod's name.
    """

    job_id: str
    task_id: str
    namespace: str
    job_name: str
    attempt_id: str
    status: Status
    scheduled_time: datetime | None
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
    """What the task returned, when JSON can say it in a few kilobytes."""
    log_tail: str | None = None
    """The end of what the task printed, where its runner reads that."""
    loop: str | None = None
    """The loop that runs it; None: a pod of its own."""
    is_last: bool = False
    """No further attempt follows, whatever the retry count says."""
    recorded: bool = False
    """Whether the history has this outcome already (termination messages only)."""

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
    """All of it, as JSON has it; `from_json` reads it."""
    data: dict[str, Any] = {k: v for k, v in vars(outcome).items() if v is not None}
    return {**data, **{name: data[name].isoformat() for name in _TIMES if name in data}}


def from_json(data: Mapping[str, Any]) -> Outcome:
    """Raises ValueError. A key that this version does not know comes from a newer one."""
    try:
        known = {field.name: data[field.name] for field in fields(Outcome) if field.name in data}
        times = {name: _parse_time(data.get(name)) for name in _TIMES}
        return Outcome(**{**known, **times, "status": Status(data["status"])})
    except (KeyError, TypeError) as error:
        raise ValueError(f"not the outcome of a run: {error}") from error


def summary(outcome: Outcome) -> str:
    """`failed in 1.2 s: TaskRaised: ValueError: no stock`"""
    took = f"{outcome.status} in {outcome.duration_seconds or 0:.1f} s"
    return ": ".join(t for t in (took, outcome.reason, outcome.error_message) if t)


def to_message(outcome: Outcome) -> str:
    """The outcome as JSON of at most 4096 bytes.

    The log's tail is left out: it is the container's own. What the task returned
    gives way first, then the traceback's start, then the error's end.
    """
    room = MAX_MESSAGE_BYTES
    outcome = replace(outcome, log_tail=None)
    whole = _encode(outcome)
    if len(whole.encode()) <= room:
        return whole
    for limit in (room, room // 2, room // 4, room // 8, 0):
        text = _encode(_shortened(outcome, limit))
        if len(text.encode()) <= MAX_MESSAGE_BYTES:
            return text
    raise ValueError(f"the outcome of {outcome.job_id} has no form of {room} bytes")


def from_message(text: str) -> Outcome:
    """The outcome that a termination message holds.

    Raises ValueError for a text that is not one, such as a user's own message
    or the log's tail that Kubernetes falls back to.
    """
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("not the outcome of a run")  # noqa: TRY004 - a text was given
    return from_json(data)


def clean(text: str) -> str:
    """The text without what a database or UTF-8 cannot hold: NUL and lone surrogates.

    PostgreSQL's JSON refuses the first, and a record must not be lost because
    an error message quoted some binary input.
    """
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def clip(text: str, limit: int) -> str:
    """The first `limit` bytes of a text, whole characters only; the cut is marked."""
    raw = text.encode()
    return text if len(raw) <= limit else raw[: max(limit - 3, 0)].decode(errors="ignore") + "…"


def clip_start(text: str, limit: int) -> str:
    """The last `limit` bytes of a text: the end of a traceback is what tells."""
    raw = text.encode()
    return text if len(raw) <= limit else "…" + raw[-max(limit - 3, 1) :].decode(errors="ignore")


def _shortened(outcome: Outcome, limit: int) -> Outcome:
    error = outcome.error_message and clip(outcome.error_message, max(limit, 256))
    trace = clip_start(outcome.traceback, limit) if outcome.traceback and limit else None
    return replace(outcome, error_message=error, traceback=trace, result=None)


def _encode(outcome: Outcome) -> str:
    return json.dumps(to_json(outcome), separators=(",", ":"), ensure_ascii=False)


def _parse_time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
