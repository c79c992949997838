"""How a CronJob goes when a loop has taken its task over: nothing that runs is cut short.

Deleting a CronJob deletes its Jobs. So it is suspended first and goes when none
of its Jobs is active. A Job that was made just before the suspension is not in
the CronJob's status yet, so that we look no sooner than some seconds later; an
annotation tells since when, also to the next process.
"""

from datetime import datetime, timedelta
from typing import Final

from jvscheduler import names
from jvscheduler_operator.objects import times
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.tasks.plan import Retirement

RETIRED_TIME: Final = f"{names.GROUP}/retired-time"
_SETTLING: Final = timedelta(seconds=10)


def retire(child: Manifest, now: datetime) -> Retirement:
    if "deletionTimestamp" in child["metadata"]:
        return Retirement()
    since = child["metadata"].get("annotations", {}).get(RETIRED_TIME)
    if since is None or not child["spec"].get("suspend"):
        return Retirement(patch=_suspension(child, now), retry_after=_SETTLING)
    if child.get("status", {}).get("active"):
        return Retirement()
    rest = times.parse(since) + _SETTLING - now
    return Retirement(retry_after=rest) if rest > timedelta() else Retirement(deletes=True)


def _suspension(child: Manifest, now: datetime) -> Manifest:
    return {
        "metadata": {
            "resourceVersion": child["metadata"]["resourceVersion"],
            "annotations": {RETIRED_TIME: times.to_text(now)},
        },
        "spec": {"suspend": True},
    }
