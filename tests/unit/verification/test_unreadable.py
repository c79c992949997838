"""The verification of a history with a definition that this version cannot read."""

import asyncio
from datetime import timedelta

import pytest

from jvscheduler.verification.audit import AuditOptions
from jvscheduler.verification.checker import judge
from jvscheduler.verification.findings import Kind
from tests.support.history.histories import NAMESPACE, TASK, GivenHistory, manual, revision, run
from tests.support.history.outcomes import NOON
from tests.support.history.stories import minutes

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    "broken", [{"schedule": "at high noon"}, {"time_zone": "Mars/Olympus"}], ids=["text", "zone"]
)
def test_a_definition_that_cannot_be_read_is_named_and_all_else_is_judged(
    broken: dict[str, str],
) -> None:
    unreadable = revision(minutes(20), "every minute").model_copy(update=broken)
    given = GivenHistory(
        [revision(NOON, "every minute"), unreadable, revision(minutes(40), "every minute")],
        [run(minutes(n), minutes(n) + SECOND, 1) for n in range(1, 61) if n not in (5, 30, 50)],
    )
    given.jobs.append(manual("by-hand", minutes(35), 1))
    asked = judge(given, (NAMESPACE, TASK), NOON, minutes(60), AuditOptions(minutes(60)))
    audit = asyncio.run(asked)
    assert (audit.due, audit.unjudged) == (40, 20)
    assert audit.findings.counts == {Kind.UNEXPLAINED_MISS: 2, Kind.UNREADABLE_REVISION: 1}
    (found,) = [f for f in audit.findings.examples if f.kind is Kind.UNREADABLE_REVISION]
    assert (found.instant, found.jobs) == (minutes(20), (unreadable.id,))
    assert next(iter(broken.values())) in found.text
