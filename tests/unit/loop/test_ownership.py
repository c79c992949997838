"""When a loop makes no further attempt of a job: at a handover, and at its own end."""

import pytest

from jvscheduler.loop.execution.ownership import Ownership
from jvscheduler.loop.recording.write_order import Turn


@pytest.mark.parametrize("needs_claim", [True, False])
def test_a_handover_waits_for_the_claim_of_a_due_instant(needs_claim: bool) -> None:
    ownership = Ownership(Turn(), needs_claim=needs_claim)
    ownership.hand_over(deleted=False)
    assert ownership.given_up.is_set() is not needs_claim
    ownership.on_claim()
    assert ownership.given_up.is_set()


@pytest.mark.parametrize(
    ("needs_claim", "is_handed_over", "given_up"),
    [
        pytest.param(True, False, True, id="the next loop records the instant"),
        pytest.param(True, True, False, id="no other loop would record the instant"),
        pytest.param(False, False, True, id="a retry is the next loop's"),
    ],
)
def test_at_its_end_a_loop_claims_only_what_no_other_loop_records(
    needs_claim: bool, is_handed_over: bool, given_up: bool
) -> None:
    ownership = Ownership(Turn(), needs_claim=needs_claim)
    if is_handed_over:
        ownership.hand_over(deleted=False)
    ownership.give_up()
    assert ownership.given_up.is_set() is given_up
