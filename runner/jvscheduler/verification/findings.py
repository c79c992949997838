"""The faults that a history can have. All are counted, and a few of each kind are kept."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """The kinds as the report names them. docs/operations/verify.md explains each."""

    UNEXPLAINED_MISS = "UnexplainedMiss"
    DOUBLE_RECORD = "DoubleRecord"
    DOUBLE_RUN = "DoubleRun"
    OVER_LIMIT = "OverLimit"
    NOT_DUE = "NotDue"
    WRONG_STRETCH = "WrongStretch"
    WRONG_SUSPENSION = "WrongSuspension"
    NO_REASON = "NoReason"
    STALE_RUNNING = "StaleRunning"
    EARLY_START = "EarlyStart"
    TOO_LATE = "TooLate"
    UNREADABLE_REVISION = "UnreadableRevision"


@dataclass(frozen=True)
class Finding:
    kind: Kind
    instant: datetime | None
    """The due instant; for a job without one, when it started."""
    text: str
    jobs: tuple[str, ...] = ()
    """The ids of the records that show it."""


@dataclass
class Findings:
    max_examples: int
    """How many findings of each kind are kept: a broken history may have millions."""
    counts: Counter[Kind] = field(default_factory=Counter)
    examples: list[Finding] = field(default_factory=list)

    def extend(self, others: "Findings") -> None:
        for finding in others.examples:
            self.add(finding.kind, finding.instant, finding.text, *finding.jobs)
            others.counts[finding.kind] -= 1
        self.counts += others.counts

    def add(self, kind: Kind, instant: datetime | None, text: str, *jobs: str) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= self.max_examples:
            self.examples.append(Finding(kind, instant, text, jobs))
