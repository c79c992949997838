"""The stored form of an attempt: older and later versions read it too."""

from datetime import timedelta
from typing import Any

from jvscheduler.history.records.attempts import AttemptRecord, attempts_of, in_order
from jvscheduler.history.records.claims import claim_row
from jvscheduler.history.records.jobs import from_record
from jvscheduler.history.records.merge import merge
from jvscheduler.outcomes import Status
from tests.support.history.outcomes import NOON, begun, completed, failed

STORED: dict[str, Any] = {
    "attempt_id": "pod-a",
    "status": "failed",
    "reason": "TaskRaised",
    "start_time": "2026-03-02T12:00:01.000000+00:00",
    "completion_time": "2026-03-02T12:00:03.000000+00:00",
    "error_message": "ValueError: no stock",
    "node_name": "node-1",
    "number": 2,
}


def test_a_stored_attempt_is_read_and_written_back_unchanged() -> None:
    attempt = AttemptRecord.from_stored(STORED)
    assert (attempt.status, attempt.reason, attempt.number) == (Status.FAILED, "TaskRaised", 2)
    assert attempt.start_time == NOON + timedelta(seconds=1)
    assert attempt.to_stored() == STORED
    assert list(attempt.to_stored()) == list(STORED)


def test_an_attempt_without_the_optional_fields_is_read() -> None:
    attempt = AttemptRecord.from_stored(
        {"attempt_id": "a", "status": "running", "start_time": STORED["start_time"]}
    )
    assert (attempt.reason, attempt.node_name, attempt.completion_time) == (None, None, None)
    assert attempt.last_time == attempt.start_time


def test_fields_of_a_later_version_survive_changes_of_other_attempts() -> None:
    first = begun(retry_count=1)
    job = merge(from_record(claim_row(first)), failed(first))
    assert job is not None
    job.attempts[0]["of_later"] = 7
    second = begun(retry_count=1, attempt_id="pod-b", start_time=NOON + timedelta(minutes=1))
    merged = merge(job, completed(second))
    assert merged is not None
    assert [stored.get("of_later") for stored in merged.attempts] == [7, None]


def test_attempts_are_numbered_by_their_starts() -> None:
    row = claim_row(begun())
    (early,) = attempts_of(from_record(row))
    late = AttemptRecord.from_stored(STORED | {"start_time": "2026-03-02T13:00:00.000000+00:00"})
    assert [(a.attempt_id, a.number) for a in in_order([late, early])] == [
        ("pod-a", 1),
        ("pod-a", 2),
    ]
