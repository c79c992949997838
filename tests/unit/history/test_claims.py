"""Rows and changes that are built without an entity equal those of the entity."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from jvscheduler.history.records.claims import claim_row, end_of_claim
from jvscheduler.history.records.jobs import from_record, to_record
from jvscheduler.history.records.merge import first_record, merge
from jvscheduler.outcomes import Outcome
from tests.support.history.outcomes import begun, completed, failed, timed_out

CLAIM = begun(retry_count=1, node_name="node-1")


@pytest.mark.parametrize(
    "outcome",
    [
        begun(),
        CLAIM,
        completed(CLAIM, result={"a": None}, log_tail="\0"),
        begun(scheduled_time=None),
    ],
)
def test_a_claims_row_equals_the_entitys_row(outcome: Outcome) -> None:
    assert json.dumps(claim_row(outcome)) == json.dumps(to_record(first_record(outcome)))


@pytest.mark.parametrize(
    "outcome",
    [
        completed(CLAIM, result=[1], cpu_seconds=0.5, peak_memory_bytes=7),
        failed(CLAIM),
        failed(CLAIM, is_last=True),
        timed_out(begun()),
        replace(completed(CLAIM), start_time=CLAIM.start_time + timedelta(milliseconds=3)),
    ],
)
def test_the_end_of_a_claim_equals_the_merged_record(outcome: Outcome) -> None:
    claim = begun(retry_count=outcome.retry_count, node_name=outcome.node_name)
    row = claim_row(claim)
    change = end_of_claim(outcome)
    merged = merge(from_record(row), outcome)
    assert merged is not None
    assert change.expected.items() <= row["context"].items()
    assert row["context"] | change.values == to_record(merged)["context"]
