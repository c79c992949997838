"""What can be wrong with a history, and a count of it that never grows too long."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """The words that the report uses; their meanings are in docs/operations/verify.md."""

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


@dataclass(frozen=True)
class Finding:
    """`instant` is the due one, or when it happened where none is due."""

    kind: Kind
    instant: datetime | None
    text: str
    jobs: tuple[str, ...] = ()
    """Ids of the records that show it."""


@dataclass
class Findings:
    """All are counted; the first `most` of each kind are kept."""

    most: int
    counts: Counter[Kind] = field(default_factory=Counter)
    examples: list[Finding] = field(default_factory=list)

    def add(self, kind: Kind, instant: datetime | None, text: str, *jobs: str) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= self.most:
            self.examples.append(Finding(kind, instant, text, jobs))
