"""The judgement of one task, window by window: each rule small, each instant matched once.

A stretch that reaches beyond a window comes again with the next one. It is
judged as a whole where it begins, and counts for its instants in every window.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.timeline import Due, Timeline
from jvscheduler.verification.accounts import NOT_RUN, Account, account
from jvscheduler.verification.findings import Findings, Kind
from jvscheduler.verification.lateness import Lateness
from jvscheduler.verification.overlaps import Overlaps
from jvscheduler.verification.spans import is_stale, last_sign_of_life, spans

EARLY: Final = timedelta(seconds=1)
"""The clock of who finds an instant due and that of the node need not agree to the tick."""

_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Window:
    """The due instants in (start, end]."""

    start: datetime
    end: datetime
    due: Sequence[Due]


@dataclass(frozen=True)
class Terms:
    """What the judgement is by: nothing is known of after `end`."""

    end: datetime
    most: int = 5
    """Findings of each kind that are kept."""
    max_lateness: timedelta | None = None


class Audit:
    def __init__(self, definitions: Timeline, terms: Terms) -> None:
        self._definitions = definitions
        self._terms = terms
        self.findings = Findings(terms.most)
        self.lateness = Lateness()
        self.due = 0
        self.unjudged = 0
        """Records of before the first revision."""
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """Instants and manual jobs by status and reason."""
        self._overlaps = Overlaps(self.findings)
        self._judged_until: datetime | None = None

    def look(self, window: Window, jobs: Iterable[ScheduledJob]) -> None:
        """At the next window. `jobs` are those that account for an instant in it, and the
        manual ones that began in it."""
        accounts = [account(job) for job in jobs]
        known = [a for a in accounts if self._is_known(a)]
        self._match(window.due, known)
        fresh = [a for a in accounts if self._is_fresh(a)]
        self.unjudged += sum(1 for a in fresh if not self._is_known(a))
        for one in fresh:
            if self._is_known(one):
                self._judge(one)
        self.due += len(window.due)
        self._judged_until = window.end
        self._overlaps.advance(window.end)

    def _is_known(self, account: Account) -> bool:
        first, instant = self._definitions.first, account.last or account.job.execution_time
        return first is not None and instant is not None and instant > first

    def _is_fresh(self, account: Account) -> bool:
        if self._judged_until is None or account.first is None:
            return True
        return account.first > self._judged_until

    def _match(self, due: Sequence[Due], accounts: Iterable[Account]) -> None:
        found: list[list[Account]] = [[] for _ in due]
        instants = [one.instant for one in due]
        for one in accounts:
            if one.first is not None and one.last is not None:
                start, end = bisect_left(instants, one.first), bisect_right(instants, one.last)
                for number in range(start, end):
                    found[number].append(one)
                if start == end and not one.is_stretch:
                    text = f"{one.words}, not due"
                    self.findings.add(Kind.NOT_DUE, one.first, text, one.job.id)
        for number, one_due in enumerate(due):
            self._judge_instant(one_due, found[number])

    def _judge_instant(self, due: Due, accounts: Sequence[Account]) -> None:
        if not accounts:
            state = "suspended" if due.revision.suspended else due.revision.schedule
            self.findings.add(Kind.UNEXPLAINED_MISS, due.instant, f"due ({state}), no record")
            return
        if len(accounts) > 1:
            text = "accounted for more than once: " + ", ".join(a.words for a in accounts)
            ids = (a.job.id for a in accounts)
            self.findings.add(Kind.DOUBLE_RECORD, due.instant, text, *ids)
        for one in accounts:
            self.outcomes[one.job.status.value, one.job.reason or ""] += 1
            if due.revision.suspended != one.is_suspended:
                was = "was" if due.revision.suspended else "was not"
                text = f"{one.words}, but the task {was} suspended"
                self.findings.add(Kind.WRONG_SUSPENSION, due.instant, text, one.job.id)

    def _judge(self, account: Account) -> None:
        job = account.job
        if account.first is None:
            self.outcomes[job.status.value, job.reason or ""] += 1
        elif account.is_stretch:
            self._judge_stretch(account)
        if job.status in NOT_RUN and not job.reason:
            text = f"{account.words} without a reason"
            self.findings.add(Kind.NO_REASON, account.first, text, job.id)
        if account.ran:
            self._judge_run(account)

    def _judge_stretch(self, account: Account) -> None:
        job, first, last = account.job, account.first, account.last
        if first is None or last is None:
            return
        due = self._count(first, last, job.instants)
        ends = self._count(first, first, 1) and self._count(last, last, 1)
        if account.ran or due != job.instants or not ends:
            said = f"{account.words} for {job.instants} instants to {last:%Y-%m-%dT%H:%M:%SZ}"
            why = "one run is for one instant" if account.ran else f"{due} were due"
            text = f"{said}; " + (why if ends or account.ran else f"{why}, not both of its ends")
            self.findings.add(Kind.WRONG_STRETCH, first, text, job.id)

    def _judge_run(self, account: Account) -> None:
        job, start = account.job, account.job.execution_time
        if is_stale(job, self._terms.end):
            text = f"running, last heard of at {last_sign_of_life(job):%Y-%m-%dT%H:%M:%SZ}"
            self.findings.add(Kind.STALE_RUNNING, account.first or start, text, job.id)
        if start is None:
            return
        self._overlaps.add(spans(job, self._limits(account), self._terms.end))
        if account.first is not None:
            self._judge_start(account.first, start, job)

    def _judge_start(self, due: datetime, start: datetime, job: ScheduledJob) -> None:
        late = start - due
        self.lateness.add(late.total_seconds())
        if late <= -EARLY:
            text = f"began {-late.total_seconds():g} s before it was due"
            self.findings.add(Kind.EARLY_START, due, text, job.id)
        most = self._terms.max_lateness
        if most is not None and late > most:
            text = f"began {late.total_seconds():g} s late"
            self.findings.add(Kind.TOO_LATE, due, text, job.id)

    def _limits(self, account: Account) -> int:
        start = account.job.execution_time
        first = account.first or start
        if first is None or start is None:
            return 1
        return self._definitions.limit(min(first, start), max(first, start))

    def _count(self, first: datetime, last: datetime, most: int) -> int:
        """Due instants from first to last; it stops beyond `most`."""
        due = 0
        for _ in self._definitions.due(first - _INSTANT, last):
            due += 1
            if due > most:
                break
        return due
