"""Decides what a task's status says about its jobs. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.summaries import MOST, TaskSummary, due_time
from jvscheduler.outcomes import clip
from jvscheduler_server.cluster.objects import FAILING, TaskState

Json = dict[str, Any]

_LOOP: Final = "Loop"
_REASON: Final = re.compile("[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?")
_MAX_REASON: Final = 128
_MAX_ERROR_BYTES: Final = 512
"""The limit of an error in the status, in bytes. The job's record has the whole error."""


def status_of(task: TaskState, summary: TaskSummary, active: int, now: datetime) -> Json:
    """The fields of the status that are the server's. A field without a value is left out."""
    completed = summary.last_completed
    fields = {
        # The last success may be older than the records that were looked at.
        "lastSuccessfulTime": _text(completed.completed_at if completed else None)
        or task.reported.get("lastSuccessfulTime"),
        "consecutiveFailures": summary.consecutive_failures if summary.last_ended else None,
        "lastJob": _last_job(summary.last_ended),
        **(_of_a_loop(summary, active) if task.backend == _LOOP else {}),
    }
    failing = _failing(task, summary, now)
    conditions = {"conditions": [failing]} if failing is not None else {}
    return {**{name: value for name, value in fields.items() if value is not None}, **conditions}


def differs(task: TaskState, status: Mapping[str, Any]) -> bool:
    """True when writing the status would change something."""
    names = status.keys() | task.reported.keys()
    if task.backend != _LOOP:
        names -= {"active", "lastScheduleTime"}
    return any(status.get(name) != task.reported.get(name) for name in names)


def is_transition(task: TaskState, status: Mapping[str, Any]) -> bool:
    """True when the task begins or ceases to fail."""
    return ("conditions" in status) != ("conditions" in task.reported)


def event_of(task: TaskState, status: Mapping[str, Any], now: datetime) -> Json | None:
    """The Event of a task that begins to fail."""
    if "conditions" not in status or not is_transition(task, status):
        return None
    (failing,) = status["conditions"]
    time = _text(now)
    times = {"firstTimestamp": time, "lastTimestamp": time}
    words = {"reason": failing["reason"], "message": failing["message"]}
    return {"type": "Warning", **words, **times}


def _of_a_loop(summary: TaskSummary, active: int) -> Json:
    return {"active": active, "lastScheduleTime": _text(due_time(summary.last_started))}


def _last_job(job: ScheduledJob | None) -> Json | None:
    if job is None:
        return None
    reason = _reason(job)
    return {
        "scheduledTime": _text(due_time(job)),
        "status": job.status.value,
        **({"reason": reason} if reason else {}),
    }


def _failing(task: TaskState, summary: TaskSummary, now: datetime) -> Json | None:
    job, count = summary.last_failed, summary.consecutive_failures
    if job is None or not count:
        return None
    before = next(iter(task.reported.get("conditions", ())), None)
    return {
        "type": FAILING,
        "status": "True",
        "observedGeneration": task.generation,
        "lastTransitionTime": before["lastTransitionTime"] if before else _text(now),
        "reason": _reason(job) or "Failed",
        "message": _failing_message(job, count),
    }


def _failing_message(job: ScheduledJob, count: int) -> str:
    jobs = "1 job has failed" if count == 1 else f"{count} jobs have failed in a row"
    jobs = jobs if count < MOST else f"At least {jobs}"
    last = f"{jobs}. The last was due at {_text(due_time(job))} and is {job.status.value}"
    error = clip(job.error_message or "", _MAX_ERROR_BYTES)
    return ": ".join(text for text in (last, error) if text)


def _reason(job: ScheduledJob) -> str | None:
    # Anyone who may write to the history may have written it. The API server would refuse the
    # whole status for a reason that is no word.
    reason = job.reason or ""
    return reason if len(reason) <= _MAX_REASON and _REASON.fullmatch(reason) else None


def _text(instant: datetime | None) -> str | None:
    """As the Kubernetes API writes times: UTC, whole seconds."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if instant else None
