"""The anchor: keeps a CronJob that changes its schedule or resumes from firing retroactively.

The CronJob controller starts what came due since `status.lastScheduleTime`
(kubernetes `pkg/controller/cronjob/utils.go`, `mostRecentScheduleTime`). A new
schedule may have been due in the past, and a resumed one was due while it was
suspended. So before such a change we set `status.lastScheduleTime` to now. This
value is the anchor.

An anchor never falls on a whole minute, which tells it from a real time.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from jvscheduler import names
from jvscheduler_operator.objects import times
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.tasks.edit_window import changes_instants
from jvscheduler_operator.tasks.retirement import RETIRED_TIME

LAST_SCHEDULE_TIME: Final = f"{names.GROUP}/last-schedule-time"


def anchor(cron_job: Manifest, desired: Manifest, now: datetime) -> dict[str, Any] | None:
    """The patch of the CronJob that must come before `desired`; None when none is needed."""
    if not _may_fire_retroactively(cron_job["spec"], desired["spec"]):
        return None
    # With the version that was seen, the patch is refused when the controller has
    # just started a Job: the anchor must not hide that Job's scheduled time.
    metadata: dict[str, Any] = {"resourceVersion": cron_job["metadata"]["resourceVersion"]}
    annotations = _annotations(cron_job)
    if annotations:
        metadata["annotations"] = annotations
    # If the operator is killed after this patch, the CronJob still has its old
    # schedule, and the annotation has its real last time. The next pass sets a new
    # anchor, copies the real time from the annotation, and applies the edit.
    return {
        "metadata": metadata,
        "status": {"lastScheduleTime": times.to_text(_off_the_minute(now))},
    }


def last_schedule_time(cron_job: Manifest) -> datetime | None:
    """The last instant for which a Job was made, even when an anchor hides it."""
    text = cron_job.get("status", {}).get("lastScheduleTime")
    if text is not None and times.parse(text).second == 0:
        return times.parse(text)
    text = cron_job["metadata"].get("annotations", {}).get(LAST_SCHEDULE_TIME)
    return times.parse(text) if text is not None else None


def _annotations(cron_job: Manifest) -> dict[str, str | None]:
    """Keeps the real last time; a CronJob that serves again is no longer retired."""
    last = last_schedule_time(cron_job)
    kept = {LAST_SCHEDULE_TIME: times.to_text(last)} if last is not None else {}
    is_retired = RETIRED_TIME in cron_job["metadata"].get("annotations", {})
    return {**kept, RETIRED_TIME: None} if is_retired else {**kept}


def _may_fire_retroactively(observed: Manifest, desired: Manifest) -> bool:
    return not desired["suspend"] and changes_instants(observed, desired)


def _off_the_minute(now: datetime) -> datetime:
    instant = now.replace(microsecond=0)
    return instant if instant.second else instant + timedelta(seconds=1)
