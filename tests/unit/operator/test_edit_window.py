"""An edit of a CronJob's schedule waits while a due instant is near."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jvscheduler_operator.tasks.edit_window import ALWAYS_OPEN, changes_instants, edit_window

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOURLY = {"schedule": "0 * * * *", "timeZone": "UTC", "suspend": False}
HALF_PAST = {**HOURLY, "schedule": "30 * * * *"}
SUSPENDED = {**HOURLY, "suspend": True}


def cron_job(spec: dict[str, Any], last: str | None = "2026-03-02T11:00:00Z") -> dict[str, Any]:
    metadata = {"creationTimestamp": "2026-01-01T00:00:00Z"}
    return {
        "metadata": metadata,
        "spec": spec,
        "status": {"lastScheduleTime": last} if last else {},
    }


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("old", "new"),
    [(HOURLY, HALF_PAST), (HALF_PAST, HOURLY), (HOURLY, SUSPENDED), (SUSPENDED, HOURLY)],
    ids=["due before", "due after", "suspended", "resumed"],
)
def test_an_edit_waits_for_an_instant_that_is_near(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    assert edit_window(cron_job(old), {"spec": new}, at(-2.9)).opens == at(1)
    assert edit_window(cron_job(old), {"spec": new}, at(-3)).closes == at(-2)


def test_an_edit_waits_until_the_instants_job_is_made() -> None:
    assert edit_window(cron_job(HOURLY), {"spec": HALF_PAST}, at(0.2)).opens == at(1.2)
    made = cron_job(HOURLY, "2026-03-02T12:00:00Z")
    assert edit_window(made, {"spec": HALF_PAST}, at(0.2)).opens is None


def test_a_cron_job_that_was_made_after_the_instant_does_not_wait_for_it() -> None:
    new = cron_job(HOURLY, last=None)
    new["metadata"]["creationTimestamp"] = "2026-03-02T12:00:00Z"
    assert edit_window(new, {"spec": HALF_PAST}, at(0.2)).opens is None


@pytest.mark.parametrize(("deadline", "seconds"), [(None, 30), (10, 10)])
def test_an_edit_does_not_wait_for_ever(deadline: int | None, seconds: int) -> None:
    spec = {**HOURLY, "startingDeadlineSeconds": deadline}
    assert edit_window(cron_job(spec), {"spec": HALF_PAST}, at(seconds - 0.1)).opens is not None
    assert edit_window(cron_job(spec), {"spec": HALF_PAST}, at(seconds)).opens is None


def test_an_edit_that_moves_no_instant_never_waits() -> None:
    other = {**HOURLY, "schedule": "0-0 */1 * * *", "concurrencyPolicy": "Allow"}
    for seconds in (-1.0, 0.0, 0.2):
        assert edit_window(cron_job(HOURLY), {"spec": other}, at(seconds)) == ALWAYS_OPEN


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        (HOURLY, {**HOURLY, "schedule": "@hourly"}, False),
        (HOURLY, {**HOURLY, "timeZone": "Europe/Berlin"}, True),
        ({"schedule": "0 * * * *"}, HOURLY, False),
        (HOURLY, HALF_PAST, True),
        (SUSPENDED, {**HALF_PAST, "suspend": True}, False),
        (SUSPENDED, HOURLY, True),
        ({**HOURLY, "schedule": "@every 5m"}, HOURLY, True),
    ],
)
def test_which_edits_change_the_instants(
    old: dict[str, Any], new: dict[str, Any], changes: bool
) -> None:
    assert changes_instants(old, new) is changes
