"""Retirement: how a CronJob is removed after a loop, or an older task, has taken its place.

Deleting a CronJob deletes its Jobs, which would kill what still runs. So it is
suspended first, and deleted when none of its Jobs is active.
"""

from datetime import datetime, timedelta
from typing import Final

from jvscheduler import names
from jvscheduler_operator.objects import times
from jvscheduler_operator.objects.manifests import Manifest, is_being_deleted
from jvscheduler_operator.tasks.plan import Retirement

RETIRED_TIME: Final = f"{names.GROUP}/retired-time"
"""The annotation that says since when the CronJob is suspended for its retirement."""

_SETTLING: Final = timedelta(seconds=10)
"""How long a Job that was made just before the suspension may be missing in the CronJob's
status. Deleting the CronJob earlier could delete that Job."""


def retire(cron_job: Manifest, now: datetime) -> Retirement:
    if is_being_deleted(cron_job):
        return Retirement()
    since = retired_time(cron_job)
    if since is None:
        return Retirement(patch=_suspension(cron_job, now), retry_after=_SETTLING)
    # The event of the last Job's end brings the next pass, so no time is set here.
    if cron_job.get("status", {}).get("active"):
        return Retirement()
    remaining = since + _SETTLING - now
    if remaining > timedelta():
        return Retirement(retry_after=remaining)
    return Retirement(deletes=True)


def retired_time(cron_job: Manifest) -> datetime | None:
    """Since when it is suspended for its retirement. None: it is not."""
    since = cron_job["metadata"].get("annotations", {}).get(RETIRED_TIME)
    return times.parse(since) if since is not None and cron_job["spec"].get("suspend") else None


def _suspension(cron_job: Manifest, now: datetime) -> Manifest:
    # If the operator is killed after this patch, the annotation tells the next
    # process since when the CronJob is suspended; it goes on waiting from there.
    return {
        "metadata": {
            "resourceVersion": cron_job["metadata"]["resourceVersion"],
            "annotations": {RETIRED_TIME: times.to_text(now)},
        },
        "spec": {"suspend": True},
    }
