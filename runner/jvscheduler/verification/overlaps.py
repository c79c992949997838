"""Attempts that ran at the same time: of one job, or of more jobs than the limit allows.

Attempts come roughly in order: `advance` says up to when all that began are
known, so that only those that have not ended are kept.
"""

from collections.abc import Iterable
from datetime import datetime
from heapq import heappop, heappush

from jvscheduler.verification.findings import Findings, Kind
from jvscheduler.verification.spans import Span


class Overlaps:
    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._waiting: list[Span] = []
        self._running: list[Span] = []

    def add(self, spans: Iterable[Span]) -> None:
        for span in spans:
            heappush(self._waiting, span)

    def advance(self, until: datetime) -> None:
        while self._waiting and self._waiting[0].start <= until:
            self._begin(heappop(self._waiting))

    def _begin(self, span: Span) -> None:
        self._running = [other for other in self._running if other.end > span.start]
        met = [other for other in self._running if other.meets(span)]
        self._judge_own([other for other in met if other.job_id == span.job_id], span)
        self._judge_limit({o.job_id for o in met if o.job_id != span.job_id}, span)
        self._running.append(span)

    def _judge_own(self, met: list[Span], span: Span) -> None:
        if met:
            names = ", ".join([*(other.attempt_id for other in met), span.attempt_id])
            text = f"attempts of one job ran at the same time: {names}"
            self._findings.add(Kind.DOUBLE_RUN, span.start, text, span.job_id)

    def _judge_limit(self, met: set[str], span: Span) -> None:
        if len(met) < span.limit:
            return
        text = f"{len(met) + 1} jobs ran at once, {span.limit} may"
        self._findings.add(Kind.OVER_LIMIT, span.start, text, *sorted(met), span.job_id)
