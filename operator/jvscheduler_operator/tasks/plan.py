"""The values of one pass: the gathered state, the plan, and the result of applying it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from jvscheduler.schedules import Schedule
from jvscheduler.tasks import Backend
from jvscheduler_operator.objects.drift import LastApplied
from jvscheduler_operator.objects.failures import Failure
from jvscheduler_operator.objects.manifests import Key, Manifest, is_controlled_by, key_of
from jvscheduler_operator.objects.readiness import LoopReadiness, readiness
from jvscheduler_operator.objects.reasons import Reason
from jvscheduler_operator.tasks.edit_window import ALWAYS_OPEN, EditWindow
from jvscheduler_operator.template_policy.policy import DEFAULT_POLICY, TemplatePolicy


@dataclass(frozen=True)
class State:
    """All that was gathered about one task. Decisions look at nothing else."""

    task: Manifest
    cron_job: Manifest | None
    """The CronJob of the task's name, even when the task does not own it."""
    last_applied: LastApplied | None = None
    secret: Manifest | None = None
    """The namespace's Secret with the history's address. None: none is to be written."""
    loop: LoopReadiness = field(default_factory=lambda: readiness(None))
    """The readiness of the loop that the spec asks for."""
    serving: Manifest | None = None
    """The Deployment that the task's status names, when it is another one."""
    elder: Key | None = None
    """An older task of the namespace with the same taskID, which runs in this one's place."""
    policy: TemplatePolicy = DEFAULT_POLICY
    history_failure: str | None = None
    """Why the namespace's part of the history could not be made."""
    log: Mapping[str, str] = field(default_factory=dict)
    """The variables that say how pods log."""

    @property
    def key(self) -> Key:
        return key_of(self.task)

    @property
    def own_cron_job(self) -> Manifest | None:
        """The CronJob of the task's name, when the task is its controller."""
        is_own = self.cron_job is not None and is_controlled_by(self.cron_job, self.task)
        return self.cron_job if is_own else None


@dataclass(frozen=True)
class Condition:
    """The value of one condition, without its times."""

    is_true: bool
    reason: Reason
    message: str


@dataclass(frozen=True)
class Blocked:
    """The reason why the requested CronJob or loop cannot serve yet, and when to look again."""

    reason: Reason
    message: str
    retry_after: timedelta


@dataclass(frozen=True)
class Retirement:
    """The next step in removing a CronJob that no longer serves its task, see `retirement`."""

    patch: Manifest | None = None
    deletes: bool = False
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class Plan:
    """The writes that a pass will make. None stands for no write.

    Secret, anchor, CronJob, status and retirement are written in this order.
    """

    accepted: Condition
    backend: Backend | None = None
    """The backend that the spec asks for; None when the spec is not accepted."""
    secret: Manifest | None = None
    anchor: Manifest | None = None
    """A patch of the CronJob's status, see `anchors`."""
    cron_job: Manifest | None = None
    """The CronJob to apply."""
    edit_window: EditWindow = ALWAYS_OPEN
    """When anchor and CronJob may be written. While it is closed, the pass does nothing."""
    blocked: Blocked | None = None
    loop: str | None = None
    """The Deployment that serves the task, unless a CronJob takes over in this pass."""
    schedule: Schedule | None = None
    retirement: Retirement = field(default_factory=Retirement)
    stopped_by: str | None = None
    """Why the task's CronJob is removed although no loop takes its place."""
    history_failure: str | None = None
    """The task is reported as not ready for this reason. It runs all the same."""


class OperationResult(StrEnum):
    """The effect of an apply on the object."""

    CREATED = "created"
    UPDATED = "updated"


@dataclass(frozen=True)
class Applied:
    """The result of applying a plan's CronJob."""

    cron_job: Manifest | None
    """The CronJob that the task owns now."""
    result: OperationResult | None = None
    """None when the apply changed nothing."""
    failure: Failure | None = None
    """Why it could not be applied."""
    side_failure: Failure | None = None
    """Why another write of the task failed: its Secret, or the retirement of its CronJob."""

    @property
    def first_failure(self) -> Failure | None:
        return self.failure or self.side_failure


def serving_loop(plan: Plan, applied: Applied) -> str | None:
    """The Deployment that serves the task once the plan is carried out."""
    # A CronJob takes over from a loop only when it exists and is as desired. If the
    # loop stopped before that, nothing would serve the task.
    is_in_order = plan.blocked is None and applied.failure is None
    return None if plan.backend == "CronJob" and is_in_order else plan.loop
