"""Events about a task, as `kubectl describe` shows them. Only a transition is an Event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from jvscheduler import names, outcomes
from jvscheduler.outcomes import clip
from jvscheduler_operator.objects import times
from jvscheduler_operator.objects.manifests import Manifest, assigned_loop
from jvscheduler_operator.objects.reasons import ConditionType, Reason
from jvscheduler_operator.tasks.plan import Applied, OperationResult
from jvscheduler_operator.tasks.status import transitions

_MAX_MESSAGE_BYTES: Final = 1024
"""A longer message is hard to read in `kubectl describe`."""

_QUIET: Final = frozenset(
    {
        Reason.NOT_ACCEPTED,  # the condition Accepted already has an Event that says why
        Reason.AWAITING_DELETION,  # passes by itself
        Reason.LOOP_NOT_AVAILABLE,  # at every loop's start; Deployment and pods have Events
    }
)
"""Reasons of the condition Ready that make no Event."""

Event = dict[str, Any]


@dataclass(frozen=True)
class EventRecorder:
    """Makes the Events about one task; one method for each kind of Event."""

    task: Manifest
    now: datetime
    instance: str
    """This process, as Events name it."""

    def cron_job_created(self) -> Event:
        name = self.task["metadata"]["name"]
        return self._event("Normal", Reason.SUCCESSFUL_CREATE, f"Created CronJob {name}")

    def cron_job_updated(self) -> Event:
        name = self.task["metadata"]["name"]
        return self._event("Normal", Reason.SUCCESSFUL_UPDATE, f"Updated CronJob {name}")

    def loop_assigned(self, loop: str) -> Event:
        return self._event("Normal", Reason.LOOP_ASSIGNED, f"Served by Deployment {loop}")

    def job_given_up(self, why: outcomes.Reason, message: str) -> Event:
        """Its reasons are those of the CronJob controller for what it does not start."""
        is_late = why == outcomes.Reason.DEADLINE_MISSED
        reason = Reason.MISS_SCHEDULE if is_late else Reason.JOB_ALREADY_ACTIVE
        return self._event("Warning", reason, message)

    def condition_failed(self, condition: Mapping[str, Any]) -> Event:
        return self._event("Warning", condition["reason"], condition["message"])

    def _event(self, kind: str, reason: str, message: str) -> Event:
        metadata = self.task["metadata"]
        involved = {key: metadata[key] for key in ("name", "namespace", "uid")}
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "generateName": f"{metadata['name']}-",
                "namespace": metadata["namespace"],
            },
            "type": kind,
            "reason": str(reason),
            "message": clip(message, _MAX_MESSAGE_BYTES),
            "count": 1,
            "involvedObject": {"apiVersion": names.API_VERSION, "kind": names.KIND, **involved},
            "firstTimestamp": times.to_text(self.now),
            "lastTimestamp": times.to_text(self.now),
            "source": {"component": names.FIELD_MANAGER},
            "reportingComponent": names.FIELD_MANAGER,
            "reportingInstance": self.instance,
        }


def events_of(
    recorder: EventRecorder, status: Mapping[str, Any], applied: Applied
) -> Sequence[Event]:
    """The Events of a pass that writes this status."""
    task = recorder.task
    before = task.get("status", {}).get("conditions", [])
    events = [
        recorder.condition_failed(condition)
        for condition in transitions(before, status["conditions"])
        if _is_failure(condition)
    ]
    if applied.result is OperationResult.CREATED:
        events.append(recorder.cron_job_created())
    if applied.result is OperationResult.UPDATED:
        events.append(recorder.cron_job_updated())
    loop = status.get("loop")
    if loop is not None and loop != assigned_loop(task):
        events.append(recorder.loop_assigned(loop))
    return events


def _is_failure(condition: Mapping[str, Any]) -> bool:
    is_judged = condition["type"] in (ConditionType.ACCEPTED, ConditionType.READY)
    return is_judged and condition["status"] == "False" and condition["reason"] not in _QUIET
