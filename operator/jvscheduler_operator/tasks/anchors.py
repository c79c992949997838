"""A CronJob that changes its schedule or resumes must not fire retroactively.

The CronJob controller asks which instants of the schedule came due since
`status.lastScheduleTime` (kubernetes `pkg/controller/cronjob/utils.go`,
`mostRecentScheduleTime`), so an edited schedule may be due in the past, and a
resumed one is due for the time that it slept. Before such a change we set
`status.lastScheduleTime` to now: the anchor.

An anchor never falls on a whole minute, so that it is told from a real one,
and the real one moves to an annotation in the same patch: nothing is lost when
we are killed right after. The patch demands the resource version that was
seen, so that it cannot cover a job that has just started.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from jvscheduler import names
from jvscheduler_operator.objects import times
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.tasks.retirement import RETIRED_TIME

LAST_SCHEDULE_TIME: Final = f"{names.GROUP}/last-schedule-time"
_DECIDES_WHEN: Final = ("schedule", "timeZone")


def anchor(child: Manifest, desired: Manifest, now: datetime) -> dict[str, Any] | None:
    """The merge patch of the CronJob's status that must come before `desired`, if any."""
    if not _may_fire_retroactively(child["spec"], desired["spec"]):
        return None
    metadata: dict[str, Any] = {"resourceVersion": child["metadata"]["resourceVersion"]}
    annotations = _annotations(child)
    if annotations:
        metadata["annotations"] = annotations
    return {
        "metadata": metadata,
        "status": {"lastScheduleTime": times.to_text(_off_the_minute(now))},
    }


def last_schedule_time(child: Manifest) -> datetime | None:
    """The last instant for which a job was made, whether or not an anchor hides it."""
    text = child.get("status", {}).get("lastScheduleTime")
    if text is not None and times.parse(text).second == 0:
        return times.parse(text)
    text = child["metadata"].get("annotations", {}).get(LAST_SCHEDULE_TIME)
    return times.parse(text) if text is not None else None


def _annotations(child: Manifest) -> dict[str, str | None]:
    """The real time is kept, and a retired CronJob is so no more."""
    last = last_schedule_time(child)
    kept = {LAST_SCHEDULE_TIME: times.to_text(last)} if last is not None else {}
    is_retired = RETIRED_TIME in child["metadata"].get("annotations", {})
    return {**kept, RETIRED_TIME: None} if is_retired else {**kept}


def _may_fire_retroactively(observed: Manifest, desired: Manifest) -> bool:
    if desired["suspend"]:
        return False
    resumes = bool(observed.get("suspend"))
    return resumes or any(observed.get(field) != desired[field] for field in _DECIDES_WHEN)


def _off_the_minute(now: datetime) -> datetime:
    instant = now.replace(microsecond=0)
    return instant if instant.second else instant + timedelta(seconds=1)
