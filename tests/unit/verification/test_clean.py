"""An honest history has no findings, whatever was scheduled, edited, suspended and removed.

A history without one of its records, or with one too many, has findings.
"""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest

from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.outcomes import Reason
from jvscheduler.verification.audit import Audit, AuditOptions
from jvscheduler.verification.checker import MOST_INSTANTS, judge
from jvscheduler.verification.findings import Kind
from tests.support.history.histories import (
    NAMESPACE,
    TASK,
    GivenHistory,
    Honest,
    instants,
    revision,
    run,
    stretch,
)

SPRING = datetime(2026, 3, 27, tzinfo=UTC)
DAYS = 4
END = SPRING + timedelta(days=DAYS)
SEEDS = range(12)

SCHEDULES: list[dict[str, str]] = [
    {"schedule": "every 5 minutes"},
    {"schedule": "*/20 * * * *", "time_zone": "Europe/Berlin"},
    {"schedule": "30 2 * * *", "time_zone": "Europe/Berlin"},
    {"schedule": "daily at 02:30", "time_zone": "Europe/Berlin", "dst": "once"},
    {"schedule": "hourly at :15", "time_zone": "Asia/Kathmandu"},
    {"schedule": "every 7 minutes"},
    {"schedule": "every 45 seconds"},
    {"schedule": "every 5 to 10 minutes"},
    {"schedule": "every 20 to 40 seconds"},
    {"schedule": "*/30 1-3 * * *", "time_zone": "America/New_York"},
]


def revisions(seed: int) -> list[ScheduleRevision]:
    """Revisions at random times, sometimes exactly at a due instant, or a second apart."""
    chance = random.Random(seed)
    edits = sorted(chance.sample(range(1, DAYS * 24 * 60), chance.randint(0, 6)))
    starts = [timedelta(0), *(timedelta(minutes=edit) for edit in edits)]
    starts += [start + timedelta(seconds=1.5) for start in starts if chance.random() < 0.2]
    return [
        revision(
            SPRING + start,
            suspended=number > 0 and chance.random() < 0.25,
            removed=number > 0 and chance.random() < 0.15,
            max_concurrency=chance.randint(1, 3),
            **chance.choice(SCHEDULES),
        )
        for number, start in enumerate(sorted(starts))
    ]


def honest(seed: int) -> GivenHistory:
    definitions = revisions(seed)
    return GivenHistory(definitions, Honest(seed).keep(definitions, END))


def judged(given: GivenHistory, start: datetime = SPRING, end: datetime = END) -> Audit:
    return asyncio.run(judge(given, (NAMESPACE, TASK), start, end, AuditOptions(END)))


@pytest.mark.parametrize("seed", SEEDS)
def test_an_honest_history_has_no_findings(seed: int) -> None:
    given = honest(seed)
    audit = judged(given)
    assert audit.findings.examples == []
    assert audit.due == len(list(instants(given.definitions, END)))
    by_hand = [job.execution_time for job in given.jobs if job.scheduled_time is None]
    manual = sum(1 for start in by_hand if start is not None and start <= END)
    assert audit.outcomes.total() == audit.due + manual


@pytest.mark.parametrize("seed", SEEDS)
def test_a_part_of_an_honest_history_has_none_either(seed: int) -> None:
    hours = sorted(random.Random(seed).sample(range(DAYS * 24), 2))
    start, end = (SPRING + timedelta(hours=hour) for hour in hours)
    assert judged(honest(seed), start, end).findings.examples == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_missing_record_is_found(seed: int) -> None:
    given = honest(seed)
    scheduled = [job for job in given.jobs if job.scheduled_time is not None]
    gone = random.Random(seed).choice(scheduled)
    given.jobs.remove(gone)
    assert judged(given).findings.counts == {Kind.UNEXPLAINED_MISS: gone.instants}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_second_record_is_found(seed: int) -> None:
    given = honest(seed)
    twice = random.Random(seed).choice([job for job in given.jobs if job.scheduled_time])
    twin = twice.model_copy(update={"id": "o.ScheduledJob.twin", "attempts": []})
    given.jobs.append(twin)
    assert judged(given).findings.counts == {Kind.DOUBLE_RECORD: twice.instants}


def test_a_long_history_is_read_in_small_parts() -> None:
    day = timedelta(days=1)
    definitions = [revision(SPRING, "every 10 seconds")]
    due = [instant for instant, _ in instants(definitions, SPRING + day)]
    jobs = [run(instant, instant + timedelta(seconds=0.5), 1) for instant in due[:-1000]]
    given = GivenHistory(definitions, [*jobs, stretch(due[-1000], due[-1], 1000, Reason.LOOP_DOWN)])
    audit = judged(given, end=SPRING + day)
    assert (audit.due, audit.findings.examples) == (8640, [])
    assert given.most <= MOST_INSTANTS
    assert audit.lateness.percentile(99) == 0.5
