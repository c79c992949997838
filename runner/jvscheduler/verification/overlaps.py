"""Finds attempts that ran at the same time: of one job, or of more jobs than the limit allows.

Attempts come roughly in order. `advance` tells up to which time all attempts are known; only
attempts that have not ended by then are kept.
"""

from collections.abc import Iterable
from datetime import datetime
from heapq import heappop, heappush

from jvscheduler.verification.findings import Findings, Kind
from jvscheduler.verification.periods import Period


class Overlaps:
    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._waiting: list[Period] = []
        self._running: list[Period] = []

    def add(self, periods: Iterable[Period]) -> None:
        for period in periods:
            heappush(self._waiting, period)

    def advance(self, until: datetime) -> None:
        """Judge the attempts that began by this time. All of them have been added."""
        while self._waiting and self._waiting[0].start <= until:
            self._begin(heappop(self._waiting))

    def _begin(self, period: Period) -> None:
        self._running = [other for other in self._running if other.end > period.start]
        overlapping = [other for other in self._running if other.overlaps(period)]
        self._judge_job([other for other in overlapping if other.job_id == period.job_id], period)
        self._judge_limit({o.job_id for o in overlapping if o.job_id != period.job_id}, period)
        self._running.append(period)

    def _judge_job(self, same_job: list[Period], period: Period) -> None:
        if same_job:
            names = ", ".join([*(other.attempt_id for other in same_job), period.attempt_id])
            text = f"attempts of one job ran at the same time: {names}"
            self._findings.add(Kind.DOUBLE_RUN, period.start, text, period.job_id)

    def _judge_limit(self, other_jobs: set[str], period: Period) -> None:
        if len(other_jobs) < period.limit:
            return
        text = f"{len(other_jobs) + 1} jobs ran at once, {period.limit} may"
        self._findings.add(Kind.OVER_LIMIT, period.start, text, *sorted(other_jobs), period.job_id)
