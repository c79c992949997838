"""The outcome of an attempt, as a record and as a termination message."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jvscheduler.edge.outcomes import from_message
from jvscheduler.outcomes import (
    MAX_MESSAGE_BYTES,
    Outcome,
    Reason,
    Status,
    clip,
    clip_start,
    to_message,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FAILED = Outcome(
    job_id="o.ScheduledJob.abc-1",
    task_id="shop.report",
    namespace="shop",
    job_name="shop-report-29000000",
    attempt_id="shop-report-29000000-x7k2p",
    status=Status.FAILED,
    reason=Reason.TASK_RAISED,
    scheduled_time=NOON,
    start_time=NOON + timedelta(seconds=1),
    completion_time=NOON + timedelta(seconds=3.5),
    error_message="ValueError: no",
    traceback="Traceback …",
    cpu_seconds=0.5,
    peak_memory_bytes=1024,
)


def test_a_message_holds_the_whole_outcome() -> None:
    assert from_message(to_message(FAILED)) == FAILED


def test_the_duration_is_from_start_to_completion() -> None:
    assert FAILED.duration_seconds == 2.5
    assert replace(FAILED, completion_time=None).duration_seconds is None


@pytest.mark.parametrize("text", ["x", "ü", "😀", '"', "\n", "\x00"])
def test_a_long_error_still_fits_into_the_message(text: str) -> None:
    long = replace(FAILED, error_message=text * 50_000, traceback=text * 50_000)
    message = to_message(long)
    assert len(message.encode()) <= MAX_MESSAGE_BYTES
    assert from_message(message).job_id == FAILED.job_id


@pytest.mark.parametrize("text", ["", "killed", "[]", "{}", '{"other": 1}', '{"status": "odd"}'])
def test_another_message_is_not_an_outcome(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's own error is a ValueError
        from_message(text)


def test_a_cut_keeps_whole_characters_and_is_marked() -> None:
    assert clip("ääää", 6) == "ä…"
    assert clip_start("ääää", 6) == "…ä"
    assert clip("short", 6) == clip_start("short", 6) == "short"


@pytest.mark.parametrize("status", Status)
def test_pending_and_running_are_the_only_statuses_that_are_not_final(status: Status) -> None:
    assert status.is_final is (status not in ("pending", "running"))
