"""The result of a verification: as JSON, and as text for people.

A task's report is small, however long its history: counts, and a few findings of each kind.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from jvscheduler.verification.audit import Audit
from jvscheduler.verification.findings import Finding, Kind
from jvscheduler.verification.lateness import PERCENTILES

_MOST_LINES: Final = 100
"""The most lines of findings in the text: a terminal should still show the table above them."""


@dataclass(frozen=True)
class TaskReport:
    namespace: str
    task_id: str
    due: int
    """How many instants were due."""
    unjudged: int
    """How many records are from before the task's first revision."""
    unserved: int
    """How many instants have no record, because no scheduler has run since they were due."""
    waiting: int
    """How many jobs have not started yet."""
    outcomes: Mapping[tuple[str, str], int]
    """How many due instants and manual jobs had each status and reason."""
    lateness: Mapping[str, float | None]
    """Seconds, by `p50`, `p90`, `p99` and `max`."""
    counts: Mapping[Kind, int]
    """How many findings there are of each kind."""
    findings: Sequence[Finding]
    """The first few of each kind."""


@dataclass(frozen=True)
class VerificationReport:
    """The result for the due instants in (start, end]."""

    start: datetime
    end: datetime
    known_until: datetime
    """Jobs that were due between `end` and this time may not be recorded yet."""
    tasks: Sequence[TaskReport]

    @property
    def counts(self) -> Counter[Kind]:
        return sum((Counter(task.counts) for task in self.tasks), Counter())

    @property
    def due(self) -> int:
        return sum(task.due for task in self.tasks)


def task_report(namespace: str, task_id: str, audit: Audit) -> TaskReport:
    late = {f"p{percent}": audit.lateness.percentile(percent) for percent in PERCENTILES}
    return TaskReport(
        namespace=namespace,
        task_id=task_id,
        due=audit.due,
        unjudged=audit.unjudged,
        unserved=audit.unserved,
        waiting=audit.waiting,
        outcomes=dict(sorted(audit.outcomes.items())),
        lateness={**late, "max": audit.lateness.longest},
        counts=dict(audit.findings.counts),
        findings=tuple(audit.findings.examples),
    )


def as_json(report: VerificationReport) -> dict[str, Any]:
    return {
        "from": _time(report.start),
        "to": _time(report.end),
        "knownUntil": _time(report.known_until),
        "due": report.due,
        "findings": dict(report.counts),
        "tasks": [_task_json(task) for task in report.tasks],
    }


def as_text(report: VerificationReport) -> Iterator[str]:
    yield _range(report)
    yield ""
    yield from _table(report.tasks)
    yield ""
    yield from _findings(report)
    total, number = report.counts.total(), len(report.tasks)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(report.counts.items()))
    noun = "finding" if total == 1 else "findings"
    found = f"{total} {noun}: {kinds}" if total else "no findings"
    yield f"{report.due} instants of {number} tasks were due: {found}"


def _range(report: VerificationReport) -> str:
    judged = f"due after {_time(report.start)}, up to {_time(report.end)}"
    if report.end == report.known_until:
        return judged
    return f"{judged}; what was due since then may still be on its way"


def _table(tasks: Sequence[TaskReport]) -> Iterator[str]:
    width = max((len(_name(task)) for task in tasks), default=4)
    heads = ["due", "ran", "missed", "skipped", "findings", "p50 s", "p90 s", "p99 s", "max s"]
    yield f"{'task':{width}}" + "".join(f"{head:>10}" for head in heads)
    for task in tasks:
        late = ["-" if value is None else f"{value:.3f}" for value in task.lateness.values()]
        cells = [task.due, *_sums(task), sum(task.counts.values()), *late]
        yield f"{_name(task):{width}}" + "".join(f"{cell:>10}" for cell in cells)
        yield from _outcomes(task)


def _outcomes(task: TaskReport) -> Iterator[str]:
    """The outcomes that have a reason, and the number of records that could not be judged."""
    for (status, reason), count in task.outcomes.items():
        if reason:
            yield f"    {count} {status}: {reason}"
    if task.waiting:
        yield f"    {task.waiting} not started yet"
    if task.unserved:
        yield f"    {task.unserved} since the scheduler stopped, recorded when it begins again"
    if task.unjudged:
        yield f"    {task.unjudged} under no definition that can be read, not judged"


def _sums(task: TaskReport) -> Sequence[int]:
    by_status: Counter[str] = Counter()
    for (status, _), count in task.outcomes.items():
        by_status[status] += count
    missed, skipped = by_status.pop("missed", 0), by_status.pop("skipped", 0)
    return [by_status.total() - task.waiting, missed, skipped]


def _findings(report: VerificationReport) -> Iterator[str]:
    lines = [line for task in report.tasks for line in _findings_of(task)]
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        yield f"… and {len(lines) - _MOST_LINES} more lines; name fewer tasks, or use -o json"
    if lines:
        yield ""


def _findings_of(task: TaskReport) -> Iterator[str]:
    for kind, count in sorted(task.counts.items()):
        yield f"{_name(task)}: {count} {kind}"
        shown = [finding for finding in task.findings if finding.kind is kind]
        for finding in shown:
            ids = " ".join(finding.jobs)
            yield f"    {_time(finding.instant)}  {finding.text}  {ids}".rstrip()
        if count > len(shown):
            yield f"    … and {count - len(shown)} more"


def _task_json(task: TaskReport) -> dict[str, Any]:
    outcomes = [
        {"status": status, "reason": reason or None, "count": count}
        for (status, reason), count in task.outcomes.items()
    ]
    return {
        "namespace": task.namespace,
        "task": task.task_id,
        "due": task.due,
        "notJudged": task.unjudged,
        "sinceStop": task.unserved,
        "notStarted": task.waiting,
        "outcomes": outcomes,
        "latenessSeconds": dict(task.lateness),
        "findings": dict(task.counts),
        "examples": [_finding_json(finding) for finding in task.findings],
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind.value,
        "instant": _time(finding.instant),
        "text": finding.text,
        "jobs": list(finding.jobs),
    }


def _name(task: TaskReport) -> str:
    return f"{task.namespace}/{task.task_id}"


def _time(time: datetime | None) -> str | None:
    """Without a fraction for due instants, which are whole seconds; with one for starts."""
    return time.isoformat().replace("+00:00", "Z") if time else None
