"""The anchor, which keeps an edited CronJob from firing retroactively."""

from datetime import UTC, datetime
from typing import Any

import pytest

from jvscheduler_operator.tasks.anchors import LAST_SCHEDULE_TIME, anchor, last_schedule_time
from tests.support.operator.objects import NOON

REAL = "2026-03-02T11:00:00Z"
ANCHOR = "2026-03-02T11:30:17Z"


def child(
    last: str | None = None, kept: str | None = None, suspend: bool = False
) -> dict[str, Any]:
    return {
        "metadata": {
            "resourceVersion": "7",
            "annotations": {LAST_SCHEDULE_TIME: kept} if kept else {},
        },
        "spec": {"schedule": "0 * * * *", "timeZone": "UTC", "suspend": suspend},
        "status": {"lastScheduleTime": last} if last else {},
    }


EDITED = {"spec": {"schedule": "30 * * * *", "timeZone": "UTC", "suspend": False}}


def test_the_anchor_is_now_at_the_version_seen() -> None:
    assert anchor(child(), EDITED, NOON) == {
        "metadata": {"resourceVersion": "7"},
        "status": {"lastScheduleTime": "2026-03-02T12:00:30Z"},
    }


@pytest.mark.parametrize("microsecond", [0, 999_999])
def test_the_anchor_is_never_on_a_whole_minute(microsecond: int) -> None:
    now = datetime(2026, 3, 2, 12, 0, 0, microsecond, tzinfo=UTC)
    patch = anchor(child(), EDITED, now)
    assert patch is not None
    assert patch["status"]["lastScheduleTime"] == "2026-03-02T12:00:01Z"


@pytest.mark.parametrize(
    ("last", "kept", "expected"),
    [
        (None, None, None),
        (REAL, None, REAL),
        (REAL, "2026-03-02T10:00:00Z", REAL),
        (ANCHOR, REAL, REAL),
        (ANCHOR, None, None),
    ],
    ids=["never", "a real one", "a newer real one", "behind an anchor", "an anchor alone"],
)
def test_the_real_last_time_is_found_and_kept(
    last: str | None, kept: str | None, expected: str | None
) -> None:
    real = last_schedule_time(child(last, kept))
    assert real == (datetime.fromisoformat(expected) if expected else None)
    patch = anchor(child(last, kept), EDITED, NOON)
    assert patch is not None
    assert patch["metadata"].get("annotations", {}).get(LAST_SCHEDULE_TIME) == expected


def test_an_edit_of_another_field_needs_no_anchor() -> None:
    same = {"spec": {**child()["spec"], "concurrencyPolicy": "Allow"}}
    assert anchor(child(), same, NOON) is None
