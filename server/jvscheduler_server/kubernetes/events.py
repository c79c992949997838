"""Converts Kubernetes' Events into the server's values."""

from datetime import datetime

from jvscheduler_server.cluster.objects import StartFailure
from jvscheduler_server.kubernetes.fields import Json, parse_time
from jvscheduler_server.kubernetes.shapes import EVENT, Event, shaped


def to_start_failure(item: Json) -> StartFailure | None:
    """Convert an Event. Raises KeyError or ValueError for an object that is none.

    Returns None when it does not say which object it is about.
    """
    event = shaped(EVENT, item)
    uid = event["involvedObject"].get("uid")
    if not uid:
        return None
    return StartFailure(
        namespace=event["metadata"]["namespace"],
        object_uid=uid,
        reason=event["reason"],
        # Anybody who may create Events in a namespace writes the message.
        message=event.get("message", ""),
        last_time=datetime.fromisoformat(_last_time(event)),
        first_time=parse_time(event.get("firstTimestamp") or event.get("eventTime")),
    )


def _last_time(event: Event) -> str:
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return str(next(filter(None, times), event["metadata"]["creationTimestamp"]))
