"""The verification finds each fault that is put into a clean history, and nothing else."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.outcomes import Reason, Status
from jvscheduler.verification.audit import Audit, AuditOptions
from jvscheduler.verification.checker import judge
from jvscheduler.verification.findings import Kind
from tests.support.history.histories import (
    NAMESPACE,
    TASK,
    GivenHistory,
    attempt,
    manual,
    revision,
    run,
    stretch,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
END = NOON + timedelta(hours=1)
EDIT = NOON + timedelta(minutes=30)


def minute(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def late(number: float, seconds: float = 0.25) -> datetime:
    return minute(number) + timedelta(seconds=seconds)


def history() -> GivenHistory:
    """Due every minute from noon; missed from :11 to :13, suspended from :21 to :25.

    From :30 on it is due every 90 seconds, and three jobs may run at once.
    """
    revisions = [
        revision(NOON, "every minute"),
        revision(minute(20), "every minute", suspended=True),
        revision(minute(25), "every minute"),
        revision(EDIT, "every 90 seconds", max_concurrency=3),
    ]
    ran = [n for n in range(1, 31) if n not in (11, 12, 13, *range(21, 26))]
    jobs = [run(minute(n), late(n), 20.5) for n in [*ran, *(31.5 + 1.5 * n for n in range(20))]]
    jobs.append(stretch(minute(11), minute(13), 3, Reason.LOOP_DOWN))
    jobs.append(stretch(minute(21), minute(25), 5, Reason.SUSPENDED))
    jobs.append(manual("by-hand", late(40, 5), 30))
    return GivenHistory(revisions, sorted(jobs, key=lambda job: job.scheduled_time or late(40)))


def judged(given: GivenHistory, options: AuditOptions | None = None) -> Audit:
    options = options or AuditOptions(END)
    return asyncio.run(judge(given, (NAMESPACE, TASK), NOON, END, options))


def test_a_clean_history_has_no_findings() -> None:
    audit = judged(history())
    assert audit.findings.examples == []
    assert (audit.due, audit.unjudged) == (50, 0)
    assert audit.outcomes == {
        ("completed", ""): 43,
        ("missed", "LoopDown"): 3,
        ("skipped", "Suspended"): 5,
    }
    assert [audit.lateness.percentile(p) for p in (50, 99)] == [0.25, 0.25]


Plant = Callable[[GivenHistory], None]


def at(given: GivenHistory, number: float) -> int:
    return next(i for i, job in enumerate(given.jobs) if job.scheduled_time == minute(number))


def change(number: float, **changes: object) -> Plant:
    def plant(given: GivenHistory) -> None:
        index = at(given, number)
        given.jobs[index] = given.jobs[index].model_copy(update=changes)

    return plant


def delete(number: float) -> Plant:
    def plant(given: GivenHistory) -> None:
        del given.jobs[at(given, number)]

    return plant


def add(*jobs: ScheduledJob) -> Plant:
    return lambda given: given.jobs.extend(jobs)


def ends(number: float, minutes: float) -> Plant:
    """The job's attempt takes this many minutes."""
    return change(number, attempts=[attempt(1, late(number), minutes * 60)])


def running(number: float, heard: datetime) -> Plant:
    """The job still runs, and its last heartbeat was at this time."""
    open_attempt = attempt(1, late(number), 0, status="running", completion_time=None)
    return change(number, status=Status.RUNNING, attempts=[open_attempt], heartbeat_time=heard)


def twin(number: float) -> ScheduledJob:
    return run(minute(number), late(number, 30), 5, id=f"o.ScheduledJob.twin-{number}")


def _ran_suspended(given: GivenHistory) -> None:
    given.jobs.pop(at(given, 21))
    given.jobs.append(run(minute(21), late(21), 1))
    given.jobs.append(stretch(minute(22), minute(25), 4, Reason.SUSPENDED))


def _four_at_once(given: GivenHistory) -> None:
    for number in (48, 49.5, 51):
        ends(number, 5)(given)


def overtaken_and_lost(heard: datetime | None) -> Plant:
    """A job still runs when the next one starts, whose runner is lost."""
    lost = attempt(1, late(6), 45, status="failed", reason="RunnerLost")

    def plant(given: GivenHistory) -> None:
        ends(5, 1.5)(given)
        change(6, attempts=[lost], heartbeat_time=heard)(given)

    return plant


@dataclass(frozen=True)
class Case:
    name: str
    plant: Plant
    finds: dict[Kind, int]
    max_lateness: timedelta | None = None


MISS, LIMIT = Kind.UNEXPLAINED_MISS, Kind.OVER_LIMIT

CASES = [
    Case("a record is gone", delete(5), {MISS: 1}),
    Case("the record of a stretch is gone", delete(11), {MISS: 3}),
    Case("the record of a suspension is gone", delete(21), {MISS: 5}),
    Case("the last instant has no record", delete(60), {MISS: 1}),
    Case("two records for one instant", add(twin(5)), {Kind.DOUBLE_RECORD: 1}),
    Case("a run inside a stretch", add(twin(12)), {Kind.DOUBLE_RECORD: 1}),
    Case(
        "a stretch over a run",
        change(11, last_scheduled_time=minute(14), instants=4),
        {Kind.DOUBLE_RECORD: 1},
    ),
    Case(
        "a scheduled time is shifted",
        change(5, scheduled_time=minute(5) + timedelta(seconds=1)),
        {MISS: 1, Kind.NOT_DUE: 1},
    ),
    Case("a run of what was never due", add(run(late(33, 10), late(33, 11), 1)), {Kind.NOT_DUE: 1}),
    Case(
        "a run before an edit took effect",
        add(run(minute(28.5), late(28.5), 1)),
        {Kind.NOT_DUE: 1},
    ),
    Case("a run of the schedule before the edit", add(twin(31)), {Kind.NOT_DUE: 1}),
    Case("a run while suspended", _ran_suspended, {Kind.WRONG_SUSPENSION: 1}),
    Case(
        "missed while suspended",
        change(21, status=Status.MISSED, reason=Reason.LOOP_DOWN.value),
        {Kind.WRONG_SUSPENSION: 5},
    ),
    Case(
        "suspended by the record alone",
        change(11, status=Status.SKIPPED, reason=Reason.SUSPENDED.value),
        {Kind.WRONG_SUSPENSION: 3},
    ),
    Case("a stretch counts one too many", change(11, instants=4), {Kind.WRONG_STRETCH: 1}),
    Case("a stretch counts one too few", change(11, instants=2), {Kind.WRONG_STRETCH: 1}),
    Case(
        "a stretch ends between instants",
        change(11, last_scheduled_time=late(13, 10)),
        {Kind.WRONG_STRETCH: 1},
    ),
    Case(
        "a run that says it is a stretch",
        change(5, instants=2),
        {Kind.WRONG_STRETCH: 1},
    ),
    Case("a miss without a reason", change(11, reason=None), {Kind.NO_REASON: 1}),
    Case("a job outlasts the next one's start", ends(5, 1.1), {LIMIT: 1}),
    Case("a job outlasts two others", ends(5, 2.1), {LIMIT: 2}),
    Case("a job ends at the next one's start", ends(5, 1), {}),
    Case("three at once may be", ends(33, 4), {}),
    Case("a fourth may not", _four_at_once, {LIMIT: 1}),
    Case("a manual job at the same time", add(manual("hand", late(5, 10), 5)), {LIMIT: 1}),
    Case(
        "two attempts of one job at once",
        change(5, attempts=[attempt(1, late(5), 20), attempt(2, late(5, 10), 20)]),
        {Kind.DOUBLE_RUN: 1},
    ),
    Case(
        "the second attempt after the first",
        change(5, attempts=[attempt(1, late(5), 20), attempt(2, late(5, 20.25), 20)]),
        {},
    ),
    Case(
        "an attempt that was lost counts until its last heartbeat",
        change(
            5, attempts=[attempt(1, late(5), 45, reason="RunnerLost"), attempt(2, late(5, 30), 20)]
        ),
        {},
    ),
    Case("a job that was lost, and had run", overtaken_and_lost(late(6, 10)), {LIMIT: 1}),
    Case("a job that was lost, perhaps before it began", overtaken_and_lost(None), {}),
    Case(
        "whole seconds are Kubernetes' and cut off",
        change(5, attempts=[attempt(1, late(5), 20), attempt(2, late(5, 20), 20)]),
        {},
    ),
    Case("a job runs and says so", running(60, END), {}),
    Case("a job that fell silent", running(54, minute(57)), {Kind.STALE_RUNNING: 1}),
    Case("a job that runs on through others", running(33, END), {}),
    Case("it began too soon", change(5, execution_time=late(5, -2)), {Kind.EARLY_START: 1}),
    Case("late, and nobody minds", change(5, execution_time=late(5, 31)), {}),
    Case(
        "later than may be",
        change(5, execution_time=late(5, 31)),
        {Kind.TOO_LATE: 1},
        max_lateness=timedelta(seconds=30),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_checker_finds(case: Case) -> None:
    given = history()
    case.plant(given)
    audit = judged(given, AuditOptions(END, max_lateness=case.max_lateness))
    assert audit.findings.counts == case.finds, audit.findings.examples


def test_an_instant_at_an_edit_belongs_to_the_definition_before_it() -> None:
    given = GivenHistory(
        [revision(NOON, "every minute"), revision(minute(2), "every minute", removed=True)],
        [run(minute(1), late(1), 1), run(minute(2), late(2), 1)],
    )
    assert judged(given).findings.examples == []
    assert judged(given).due == 2


def test_before_the_first_revision_nothing_is_due_and_no_record_is_judged() -> None:
    given = GivenHistory(
        [revision(minute(59), "every minute")],
        [run(minute(3.5), late(4), 1), run(minute(60), late(60), 1)],
    )
    audit = judged(given)
    assert (audit.due, audit.unjudged, audit.findings.examples) == (1, 1, [])


def test_a_stretch_that_reaches_beyond_the_range_is_judged_as_a_whole() -> None:
    start, days = NOON - timedelta(days=1), timedelta(days=2)
    whole = stretch(start, start + days, 2 * 24 * 60 + 1, Reason.LOOP_DOWN)
    given = GivenHistory([revision(start - timedelta(days=1), "every minute")], [whole])
    audit = judged(given)
    assert (audit.findings.examples, audit.due) == ([], 60)
    assert audit.outcomes == {("missed", "LoopDown"): 60}


def test_all_findings_are_counted_and_few_are_kept() -> None:
    options = AuditOptions(END, max_examples=3)
    audit = judged(GivenHistory([revision(NOON, "every second")]), options)
    assert audit.findings.counts == {MISS: 3600}
    assert [f.instant for f in audit.findings.examples] == [
        NOON + timedelta(seconds=n) for n in (1, 2, 3)
    ]
