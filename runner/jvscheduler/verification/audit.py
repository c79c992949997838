"""Judges one task's history, window by window. Each rule is small.

A stretch that reaches beyond a window comes again with the next window. It is judged as a whole
in the window where it begins, and counts for its instants in every window.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.timeline import Due, Timeline
from jvscheduler.verification.findings import Findings, Kind
from jvscheduler.verification.lateness import Lateness
from jvscheduler.verification.overlaps import Overlaps
from jvscheduler.verification.periods import is_stale, last_sign_of_life, periods
from jvscheduler.verification.records import NOT_RUN, Record, record_of

EARLY: Final = timedelta(seconds=1)
"""A job that started less than this before its instant is in order: two clocks may differ."""

AHEAD: Final = timedelta(seconds=1)
"""A loop looks 0.5 s ahead, so a job that is due so soon after the stop may have its record."""

_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Window:
    """The due instants in (start, end]."""

    start: datetime
    end: datetime
    due: Sequence[Due]


@dataclass(frozen=True)
class AuditOptions:
    known_until: datetime
    """Nothing is known of what happened after this time."""
    max_examples: int = 5
    """How many findings of each kind are kept."""
    max_lateness: timedelta | None = None
    """A job that started later than this is a finding; None: any lateness is in order."""
    stop_time: datetime | None = None
    """Since when no scheduler serves the task, as its last one has noted."""


class Audit:
    def __init__(self, timeline: Timeline, options: AuditOptions) -> None:
        self._timeline = timeline
        self._options = options
        self.findings = Findings(options.max_examples)
        self.lateness = Lateness()
        self.due = 0
        self.unjudged = 0
        """The number of records that cannot be judged: from before the first revision, or under one
        that this version cannot read."""
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """Due instants and manual jobs by status and reason."""
        self.waiting = 0
        """The number of `outcomes` whose job has not started yet."""
        self._overlaps = Overlaps(self.findings)
        self._judged_until: datetime | None = None
        self._unserved = Findings(options.max_examples)
        """The instants since the stop that have no record, as long as no scheduler has begun."""

    @property
    def unserved(self) -> int:
        """Due instants without a record, because no scheduler has run since they were due.

        The next scheduler records them when it begins.
        """
        return self._unserved.counts.total()

    def find_unreadable(self, start: datetime, end: datetime) -> None:
        """Find the revisions for instants in (start, end] that this version cannot read."""
        for revision in self._timeline.unreadable(start, end):
            text = f"nothing that was due under it is judged: {revision.problem}"
            self.findings.add(Kind.UNREADABLE_REVISION, revision.since, text, revision.id)

    def judge(self, window: Window, jobs: Iterable[ScheduledJob]) -> None:
        """Judge the next window.

        `jobs` are the records of its instants, and the manual jobs that began in it.
        """
        records = [record_of(job) for job in jobs]
        self._match(window.due, [record for record in records if self._is_known(record)])
        for record in records:
            if self._was_judged(record):
                continue
            if self._is_known(record):
                self._judge_record(record)
            else:
                self.unjudged += 1
        self.due += len(window.due)
        self._judged_until = window.end
        self._overlaps.advance(window.end)

    def _is_known(self, record: Record) -> bool:
        """True when a revision was in force that can be read: the record can be judged."""
        start, last = self._timeline.first, record.last or record.job.execution_time
        if start is None or last is None or last <= start:
            return False
        return not self._timeline.unreadable((record.first or last) - _INSTANT, last)

    def _was_judged(self, record: Record) -> bool:
        """True for a stretch that began in an earlier window."""
        if self._judged_until is None or record.first is None:
            return False
        return record.first <= self._judged_until

    def _match(self, due: Sequence[Due], records: Iterable[Record]) -> None:
        """Find the records of each due instant, and the records for which none was due."""
        matched: list[list[Record]] = [[] for _ in due]
        instants = [each.instant for each in due]
        for record in records:
            if record.first is None or record.last is None:
                continue
            start, end = bisect_left(instants, record.first), bisect_right(instants, record.last)
            for number in range(start, end):
                matched[number].append(record)
            if start == end and not record.is_stretch:
                text = f"{record.outcome}, not due"
                self.findings.add(Kind.NOT_DUE, record.first, text, record.job.id)
        for each, its_records in zip(due, matched, strict=True):
            self._judge_instant(each, its_records)

    def _judge_instant(self, due: Due, records: Sequence[Record]) -> None:
        if not records:
            self._judge_missing(due)
            return
        stop = self._options.stop_time
        if stop is not None and due.instant > stop + AHEAD:
            # Somebody serves the task although a scheduler has stopped: nothing is explained.
            self.findings.extend(self._unserved)
            self._unserved = Findings(self._options.max_examples)
            self._options = replace(self._options, stop_time=None)
        if len(records) > 1:
            text = "has more than one record: " + ", ".join(r.outcome for r in records)
            ids = (record.job.id for record in records)
            self.findings.add(Kind.DOUBLE_RECORD, due.instant, text, *ids)
        for record in records:
            self._count_outcome(record)
            if due.revision.suspended != record.is_suspended:
                was = "was" if due.revision.suspended else "was not"
                text = f"{record.outcome}, but the task {was} suspended"
                self.findings.add(Kind.WRONG_SUSPENSION, due.instant, text, record.job.id)

    def _count_outcome(self, record: Record) -> None:
        self.outcomes[record.job.status.value, record.job.reason or ""] += 1
        self.waiting += record.is_waiting

    def _judge_missing(self, due: Due) -> None:
        stop = self._options.stop_time
        found = self._unserved if stop is not None and due.instant > stop else self.findings
        state = "suspended" if due.revision.suspended else due.revision.schedule
        found.add(Kind.UNEXPLAINED_MISS, due.instant, f"due ({state}), no record")

    def _judge_record(self, record: Record) -> None:
        job = record.job
        if record.first is None:
            self._count_outcome(record)
        elif record.is_stretch:
            self._judge_stretch(record)
        if job.status in NOT_RUN and not job.reason:
            text = f"{record.outcome} without a reason"
            self.findings.add(Kind.NO_REASON, record.first, text, job.id)
        if record.ran:
            self._judge_job(record)

    def _judge_stretch(self, record: Record) -> None:
        """A stretch did not run, begins and ends at due instants, and counts all between them."""
        job, first, last = record.job, record.first, record.last
        if first is None or last is None:
            return
        due = self._count(first, last, job.instants)
        ends = self._count(first, first, 1) and self._count(last, last, 1)
        if record.ran or due != job.instants or not ends:
            claimed = f"{record.outcome} for {job.instants} instants to {last:%Y-%m-%dT%H:%M:%SZ}"
            why = "one job is for one instant" if record.ran else f"{due} were due"
            text = f"{claimed}; " + (why if ends or record.ran else f"{why}, not both of its ends")
            self.findings.add(Kind.WRONG_STRETCH, first, text, job.id)

    def _judge_job(self, record: Record) -> None:
        job, start, known_until = record.job, record.job.execution_time, self._options.known_until
        if is_stale(job, known_until):
            text = f"running, last heartbeat at {last_sign_of_life(job):%Y-%m-%dT%H:%M:%SZ}"
            self.findings.add(Kind.STALE_RUNNING, record.first or start, text, job.id)
        if start is None:
            return
        self._overlaps.add(periods(job, self._limit(record.first or start, start), known_until))
        if record.first is not None:
            self._judge_start(record.first, start, job)

    def _judge_start(self, due: datetime, start: datetime, job: ScheduledJob) -> None:
        late = start - due
        self.lateness.add(late.total_seconds())
        if late <= -EARLY:
            text = f"began {-late.total_seconds():g} s before it was due"
            self.findings.add(Kind.EARLY_START, due, text, job.id)
        most = self._options.max_lateness
        if most is not None and late > most:
            text = f"began {late.total_seconds():g} s late"
            self.findings.add(Kind.TOO_LATE, due, text, job.id)

    def _limit(self, due: datetime, start: datetime) -> int:
        """The highest limit that was in force from the due instant to the start.

        An edit may have raised the limit before the start, or lowered it since the instant.
        """
        return self._timeline.limit(min(due, start), max(due, start))

    def _count(self, first: datetime, last: datetime, most: int) -> int:
        """The number of due instants from first to last; any number above `most` is `most` + 1."""
        due = 0
        for _ in self._timeline.due(first - _INSTANT, last):
            due += 1
            if due > most:
                break
        return due
