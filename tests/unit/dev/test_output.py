"""What tasks print appears after their start, with the job's name."""

import logging

import pytest

from jvscheduler.attempt.limits import skipped
from jvscheduler.dev.output import Output
from jvscheduler.loop.log import LOG, job_label
from tests.support.history.outcomes import NOON, begun, completed

LABEL = job_label(begun().task_id, begun().scheduled_time)
OWNER = f"{begun().task_id} {begun().attempt_id}"


def test_a_line_waits_until_its_attempt_has_started(caplog: pytest.LogCaptureFixture) -> None:
    output = Output()
    with caplog.at_level(logging.INFO, LOG.name):
        output.show(OWNER, "importing")
        output.show("other pod-b", "hello")
        assert caplog.messages == []
        output.on_attempt(begun())
        output.show(OWNER, "working")
        assert caplog.messages == [f"{LABEL} | importing", f"{LABEL} | working"]
        output.on_attempt(completed(begun()))
        output.show(OWNER, "the pipe was slower than the end")
        assert caplog.messages[2:] == [f"{LABEL} | the pipe was slower than the end"]
        output.show_rest()
        assert caplog.messages[3:] == ["other | hello"]


def test_a_job_that_is_skipped_prints_nothing(caplog: pytest.LogCaptureFixture) -> None:
    output = Output()
    with caplog.at_level(logging.INFO, LOG.name):
        output.show(OWNER, "importing")
        output.on_attempt(skipped(begun(), 1, NOON))
        output.show_rest()
    assert caplog.messages == []


@pytest.mark.parametrize("owners", [["a pod"], [f"a pod-{n}" for n in range(3000)]])
def test_waiting_lines_are_bounded_and_none_is_lost(
    owners: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    output = Output()
    with caplog.at_level(logging.INFO, LOG.name):
        for number in range(3000):
            output.show(owners[number % len(owners)], f"line {number}")
        assert len(caplog.messages) >= 1900
        output.show_rest()
    assert caplog.messages == [f"a | line {number}" for number in range(3000)]


def test_a_job_started_by_hand_has_no_due_time() -> None:
    assert job_label("shop.tasks.restock", None) == "shop.tasks.restock"
