"""The report in memory that a child shares with its parent."""

from typing import Any

import pytest

from jvscheduler.attempt.report import MAX_RESULT_BYTES, Report, SharedReport, storable
from jvscheduler.outcomes import MAX_TRACEBACK_BYTES, Reason, from_message, to_message
from tests.support.history.outcomes import begun, failed


def test_the_parent_reads_the_report_that_was_written() -> None:
    shared = SharedReport()
    assert shared.read() is None
    report = Report(1.5, Reason.TASK_RAISED, "ValueError: é", "trace", None)
    shared.write(report)
    assert shared.read() == report


def test_the_largest_report_fits() -> None:
    shared = SharedReport()
    shared.write(Report(1.5, Reason.TASK_RAISED, "\x01" * 10**6, "\x01" * 10**6))
    report = shared.read()
    assert report is not None
    assert len((report.traceback or "").encode()) <= MAX_TRACEBACK_BYTES


@pytest.mark.parametrize("result", [None, 3, "text", [1, {"a": [None, True]}], {"é": 1.5}])
def test_a_small_result_that_json_can_express_is_kept(result: Any) -> None:
    assert storable(result) == result


@pytest.mark.parametrize(
    "result",
    [object(), {1, 2}, float("nan"), "x" * MAX_RESULT_BYTES, "nul \0", "surrogate \ud800"],
    ids=["object", "set", "nan", "large", "nul", "surrogate"],
)
def test_any_other_result_is_left_out(result: Any) -> None:
    assert storable(result) is None


def test_a_result_whose_own_code_raises_is_left_out() -> None:
    class Lazy(dict[str, int]):
        def items(self) -> Any:
            raise SystemExit("no connection")

    assert storable(Lazy(a=1)) is None


def test_a_termination_message_drops_the_result_before_the_traceback() -> None:
    outcome = failed(begun(), traceback="x" * 3000, result="y" * 3000)
    read = from_message(to_message(outcome))
    assert (read.result, read.traceback) == (None, "x" * 3000)
