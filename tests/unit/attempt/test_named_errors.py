"""Which exceptions are those of `no_retry_on`."""

import json

import pytest

from jvscheduler.attempt.child.main import failure_report
from jvscheduler.attempt.named_errors import is_named
from jvscheduler.attempt.report import SharedReport
from jvscheduler.attempt.verdict import ProcessEnd, judge
from jvscheduler.outcomes import Reason
from jvscheduler.redaction import FORMS_ONLY


class SoldOut(ValueError):
    pass


OWN = f"{__name__}.SoldOut"


@pytest.mark.parametrize(
    ("error", "names", "expected"),
    [
        (ValueError(), ["ValueError"], True),
        (ValueError(), ["builtins.ValueError"], True),
        (SoldOut(), ["ValueError"], True),
        (SoldOut(), [OWN], True),
        (ValueError(), [OWN], False),
        (KeyError(), ["ValueError", "LookupError"], True),
        (json.JSONDecodeError("", "", 0), ["json.JSONDecodeError"], True),
        (json.JSONDecodeError("", "", 0), ["json.decoder.JSONDecodeError"], True),
        (ValueError(), ["no.such.Error", "json.dumps", "SoldOut", "json"], False),
        (ValueError(), [], False),
    ],
)
def test_an_exception_is_named_by_its_class_or_a_base_class(
    error: Exception, names: list[str], expected: bool
) -> None:
    assert is_named(error, names) == expected


@pytest.mark.parametrize(("names", "is_last"), [(["ValueError"], True), (["KeyError"], False)])
def test_the_verdict_says_that_no_attempt_follows(names: list[str], is_last: bool) -> None:
    shared = SharedReport(FORMS_ONLY)
    shared.write(failure_report(Reason.TASK_RAISED, SoldOut("none left"), names))
    verdict = judge(ProcessEnd(exit_code=1, report=shared.read()), timeout_seconds=None)
    assert (verdict.reason, verdict.is_last) == (Reason.TASK_RAISED, is_last)
