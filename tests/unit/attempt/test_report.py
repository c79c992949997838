"""The report in memory that a child shares with its parent."""

import math
from typing import Any

import pytest

from jvscheduler.attempt import report
from jvscheduler.attempt.report import NotStorable, Report, SharedReport, storable
from jvscheduler.edge.outcomes import from_message
from jvscheduler.outcomes import MAX_RESULT_BYTES, MAX_TRACEBACK_BYTES, Reason, to_message
from jvscheduler.redaction import FORMS_ONLY, Redactor
from tests.support.history.outcomes import begun, failed


def test_the_parent_reads_the_report_that_was_written() -> None:
    shared = SharedReport(FORMS_ONLY)
    assert shared.read() is None
    report = Report(1.5, Reason.TASK_RAISED, "ValueError: é", "trace", None)
    shared.write(report)
    assert shared.read() == report


@pytest.mark.parametrize(
    ("now", "end"),
    [
        pytest.param(1012.0, 1012.0, id="as both clocks say"),
        pytest.param(1900.0, 1900.0, id="the machine slept, or the clock was set forward"),
        pytest.param(500.0, 1012.0, id="the clock was set back"),
    ],
)
def test_a_task_ends_after_its_start_whatever_the_clock_does(now: float, end: float) -> None:
    shared = SharedReport(FORMS_ONLY)
    assert shared.ended_at(now, 62.0) == now, "it has not begun"
    shared.mark_started(1000.0, 50.0)
    assert shared.ended_at(now, 62.0) == end


def test_the_largest_report_fits() -> None:
    shared = SharedReport(FORMS_ONLY)
    shared.write(Report(1.5, Reason.TASK_RAISED, "\x01" * 10**6, "\x01" * 10**6))
    report = shared.read()
    assert report is not None
    assert len((report.traceback or "").encode()) <= MAX_TRACEBACK_BYTES


@pytest.mark.parametrize("result", [None, 3, "text", [1, {"a": [None, True]}], {"é": 1.5}])
def test_a_small_result_that_json_can_express_is_kept(result: Any) -> None:
    assert storable(result) == result


@pytest.mark.parametrize(
    ("result", "why"),
    [
        pytest.param(object(), "type object is not JSON serializable", id="object"),
        pytest.param({1, 2}, "type set is not JSON serializable", id="set"),
        pytest.param(float("nan"), "not JSON compliant", id="nan"),
        pytest.param("x" * MAX_RESULT_BYTES, "16386 bytes of JSON, and 16384", id="large"),
        pytest.param("nul \0", "NUL character", id="nul"),
        pytest.param("surrogate \ud800", "surrogates not allowed", id="surrogate"),
        pytest.param(eval("[" * 80 + "]" * 80), "nested deeper", id="deep"),  # noqa: S307
    ],
)
def test_any_other_result_is_refused_with_the_reason(result: Any, why: str) -> None:
    with pytest.raises(NotStorable, match=why):
        storable(result)


def test_a_result_whose_own_code_raises_is_refused() -> None:
    class Lazy(dict[str, int]):
        def items(self) -> Any:
            raise SystemExit("no connection")

    with pytest.raises(NotStorable, match="SystemExit: no connection"):
        storable(Lazy(a=1))


def test_a_termination_message_drops_the_result_before_the_traceback() -> None:
    outcome = failed(begun(), traceback="x" * 3000, result="y" * 3000)
    read = from_message(to_message(outcome))
    assert (read.result, read.traceback) == (None, "x" * 3000)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 5000,
        b"7",
        b"{}",
        b'{"finished_at":"x","reason":null}',
        b'{"finished_at":NaN,"reason":null}',
        b'{"finished_at":1.0,"reason":"Won"}',
        b'{"finished_at":1.0,"reason":null,"error_message":7}',
        b"\xff",
    ],
)
def test_what_a_task_writes_over_the_report_is_no_report(raw: bytes) -> None:
    shared = SharedReport(FORMS_ONLY)
    memory = shared._memory  # noqa: SLF001 - a task's code reaches it too
    memory[report._REPORT_AT : report._REPORT_AT + len(raw)] = raw  # noqa: SLF001
    report._LENGTH.pack_into(memory, report._LENGTH_AT, len(raw))  # noqa: SLF001
    assert shared.read() is None


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -1.0, 1e300])
def test_a_time_that_a_task_writes_over_the_start_is_none(seconds: float) -> None:
    shared = SharedReport(FORMS_ONLY)
    shared.mark_started(seconds, seconds)
    assert (shared.started_at(), shared.started_monotonic()) == (None, None)
    assert shared.ended_at(5.0, 5.0) == 5.0


def test_a_report_has_no_secret_of_its_process() -> None:
    shared = SharedReport(Redactor(["tea-with-milk"]))
    text = "no tea-with-milk"
    shared.write(Report(1.0, Reason.TASK_RAISED, text, f"{text}\n", {"a": [text]}))
    told = shared.read()
    assert told is not None
    assert (told.error_message, told.traceback) == ("no ***", "no ***\n")
    assert told.result == {"a": ["no ***"]}


def test_no_half_of_a_secret_is_left_where_a_text_is_cut() -> None:
    secret = "0123456789" * 20
    for spare in range(0, 400, 9):
        shared = SharedReport(Redactor([secret]))
        text = "x" * (4096 - spare) + secret
        shared.write(Report(1.0, Reason.TASK_RAISED, text + "x" * 9000, "x" * 9000 + text))
        told = shared.read()
        assert told is not None
        assert not set("0123456789") & set(f"{told.error_message}{told.traceback}")
