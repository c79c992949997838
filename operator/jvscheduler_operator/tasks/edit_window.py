"""The window in which a CronJob may change its schedule, be suspended or be resumed. Pure.

The CronJob controller makes the Job of a due instant about 0.1 s after that instant, by the
CronJob that it sees then. An edit at that moment may keep it from making the Job: the
anchor hides an instant whose Job it has not made yet, and the new schedule need not be
due at it (kubernetes `pkg/controller/cronjob`, `updateCronJob`). So an edit waits while
an instant is near. An instant before the edit is then due by the old definition alone, and
an instant after it by the new one alone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.errors import InvalidSchedule
from jvscheduler.schedules import Schedule, parse_schedule
from jvscheduler_operator.objects import times
from jvscheduler_operator.objects.manifests import Manifest

_BEFORE_DUE: Final = timedelta(seconds=3)
"""An edit begins at least this long before a due instant."""

_CALL: Final = timedelta(seconds=2)
"""The last call of an edit is made at least this long before a due instant. This leaves time for
the call itself, for the controller to see the edit, and for clocks that differ."""

_AFTER_DUE: Final = timedelta(seconds=1)
"""Wait this long for the event that says that an instant's Job was made."""

_PATIENCE: Final = timedelta(seconds=30)
"""Wait at most this long for the Job of an instant. A quota may forbid it, and the edit may
be what mends that."""


@dataclass(frozen=True)
class EditWindow:
    opens: datetime | None = None
    """When to decide again, because an edit must wait. None: the edit may begin now."""
    closes: datetime | None = None
    """The last moment at which a call of the edit may be sent. None: at any time."""


ALWAYS_OPEN: Final = EditWindow()


def edit_window(cron_job: Manifest, desired: Manifest, now: datetime) -> EditWindow:
    """The window for changing `cron_job` into `desired`."""
    if not changes_instants(cron_job["spec"], desired["spec"]):
        return ALWAYS_OPEN
    old, new = schedule_in_force(cron_job["spec"]), schedule_in_force(desired["spec"])
    if old is not None and _has_unstarted(cron_job, old, now):
        return EditWindow(opens=now + _AFTER_DUE)
    coming = [schedule.next(now) for schedule in (old, new) if schedule is not None]
    due = min((instant for instant in coming if instant is not None), default=None)
    if due is None:
        return ALWAYS_OPEN
    if due - now < _BEFORE_DUE:
        return EditWindow(opens=due + _AFTER_DUE)
    return EditWindow(closes=due - _CALL)


def changes_instants(observed: Manifest, desired: Manifest) -> bool:
    """True unless two specs of a CronJob start Jobs at the same instants."""
    suspended = [bool(spec.get("suspend")) for spec in (observed, desired)]
    if any(suspended):
        return not all(suspended)
    old, new = schedule_in_force(observed), schedule_in_force(desired)
    return old is None or new is None or old.instants_key != new.instants_key


def schedule_in_force(spec: Manifest) -> Schedule | None:
    """The schedule by which the spec starts Jobs; None when it starts none or is unreadable."""
    if spec.get("suspend"):
        return None
    # Someone may have edited the CronJob's schedule into one that the grammar does not
    # know, and the API server may have refused our repair.
    try:
        return parse_schedule(spec["schedule"], spec.get("timeZone") or "UTC")
    except InvalidSchedule:
        return None


def _has_unstarted(cron_job: Manifest, schedule: Schedule, now: datetime) -> bool:
    """True when the controller may still make the Job of an instant that was just due."""
    last = cron_job.get("status", {}).get("lastScheduleTime")
    handled = times.parse(last or cron_job["metadata"]["creationTimestamp"])
    seconds = cron_job["spec"].get("startingDeadlineSeconds")
    deadline = _PATIENCE if seconds is None else min(_PATIENCE, timedelta(seconds=seconds))
    return next(schedule.between(max(handled, now - deadline), now), None) is not None
