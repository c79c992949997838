"""What a loop and a runner read: assignments, a worker's answers, a child's report, files."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jvscheduler import names
from jvscheduler.attempt.report import _LENGTH, _LENGTH_AT, _REPORT_AT, SharedReport
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.records.takeovers import UnsettledTakeover
from jvscheduler.loop.execution.outcomes import outcome_of_end
from jvscheduler.loop.recording.spool import Spool, _to_json
from jvscheduler.loop.worker_link.claim_memory import ClaimMemory
from jvscheduler.loop.worker_link.client import SocketWorker
from jvscheduler.outcomes import Outcome, Stretch, to_json
from jvscheduler.redaction import FORMS_ONLY
from jvscheduler.worker.messages import Ended, Prepared, Start, encode
from jvscheduler_server.kubernetes.informer import Resource
from jvscheduler_server.loop_pod.assignments import decide_changes, keep_definition, to_assignment
from tests.hostile.strategies import as_text
from tests.support.history.outcomes import begun, completed, of_job
from tests.support.history.stories import revision, stretch
from tests.support.operator.objects import stored_task
from tests.support.server.informers import informer_of

LOOP: Final = "jvscheduler-loop-1"
CLAIM: Final = begun()
END: Final = vars(Ended(CLAIM.attempt_id, {}, 1772452801.0, 1772452803.0, "completed"))
ENDED: Final = {"kind": "Ended", **END}
HELLO: Final = {"kind": "Hello", "worker_id": "w", "running": {"pod-a": {}, "other": {}}}
PREPARED: Final = {"kind": "Prepared", "modules": ["shop.tasks"], "failed": {"shop": "no"}}


def judge_end(end: Any) -> None:
    fields = {name: end.get(name) for name in END} if isinstance(end, dict) else END
    try:
        outcome = outcome_of_end(CLAIM, Ended(**fields))
    except ValueError:
        return
    assert (outcome.job_id, outcome.namespace) == (CLAIM.job_id, CLAIM.namespace)
    assert outcome.completion_time is not None
    assert CLAIM.start_time <= outcome.start_time <= outcome.completion_time
    assert len(as_text(to_json(outcome)).encode()) < 400_000


class Writer:
    """The loop's end of a connection, and the listener behind it."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.ended: list[Ended] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def on_hello(self, worker_id: str, running: Mapping[str, Mapping[str, Any]]) -> None:
        assert isinstance(worker_id, str)
        assert all(isinstance(claim, dict) for claim in running.values())

    def on_prepared(self, prepared: Prepared) -> None:
        assert all(isinstance(problem, str) for problem in prepared.failed.values())

    def on_ended(self, ended: Ended) -> None:
        self.ended.append(ended)


GOOD_END: Final = encode(Ended("good", {}, 1.0, 2.0, "completed"))


def judge_line(message: Any) -> None:
    """A worker that has an order for an attempt says anything. The end of another one follows."""
    writer: Any = Writer()
    worker = SocketWorker(Path("none"))
    worker.start(Start("pod-a", "shop.tasks:restock", None, {}, {}))
    for line in (as_text(message).encode(), GOOD_END):
        worker._take(line, writer, writer)
    assert [ended.run_id for ended in writer.ended][-1] == "good"
    # It can get the order that it says it lacks, once, and nothing else.
    assert len(writer.sent) <= 1


ASSIGNED: Final = stored_task(schedule="every 7 seconds") | {"status": {"loop": LOOP}}
GOOD_ASSIGNED: Final = stored_task(name="good", metadata={"uid": "good"}) | {
    "status": {"loop": LOOP}
}
_ASSIGNMENTS: Final = Resource(
    f"/apis/{names.API_VERSION}/{names.PLURAL}", to_assignment, carry_over=keep_definition
)


def judge_assignment(hostile: Any) -> None:
    informer = informer_of(_ASSIGNMENTS)
    informer._replace([ASSIGNED, GOOD_ASSIGNED])
    informer._replace([hostile, GOOD_ASSIGNED])
    changes = decide_changes(LOOP, informer.items(), {})
    assert "good" in {definition.name for definition in changes.serve}
    assert len(informer.items()) <= 2


def judge_claims(file: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "claims.jsonl").write_bytes(file)
        memory = ClaimMemory(folder)
        for attempt in (*memory._claims, "good"):
            claim = memory.get(attempt)
            assert claim is None or isinstance(claim, Outcome)
        memory.add("good", to_json(CLAIM))
        memory._rewrite()
        memory.keep_only({"good"})
        after = ClaimMemory(folder)
        assert after.get("good") == CLAIM
        assert len(after._claims) == 1


CLAIM_LINES: Final[list[Any]] = [
    {"attempt": "pod-a", "claim": to_json(CLAIM)},
    {"attempt": "pod-a"},
    {"attempt": "pod-1", "claim": to_json(of_job(1))},
]
GOOD_ENTRY: Final = stretch(1)
SPOOL_LINES: Final[list[Any]] = [
    _to_json(entry)
    for entry in (
        completed(CLAIM),
        GOOD_ENTRY,
        revision(0),
        UnsettledTakeover("restock", revision(0)),
    )
]


def judge_spool(file: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "kept.jsonl").write_bytes(file)
        spool = Spool(Path(name))
        assert spool.keep(GOOD_ENTRY)
        entries = list(spool.replay())
        spool.remove_replayed()
    assert entries[-1] == GOOD_ENTRY
    for entry in entries:
        assert isinstance(entry, Outcome | Stretch | ScheduleRevision | UnsettledTakeover)
        as_text(_to_json(entry)).encode()


REPORT: Final = {
    "finished_at": 12.0,
    "reason": "TaskRaised",
    "error_message": "ValueError",
    "traceback": "Traceback",
    "result": {"rows": 1},
}


def judge_report(said: Any) -> None:
    """A child has written this, and times and a length of any bytes."""
    report, text = SharedReport(FORMS_ONLY), as_text(said).encode()[:400_000]
    memory = report._memory
    memory[_REPORT_AT : _REPORT_AT + len(text)] = text
    _LENGTH.pack_into(memory, _LENGTH_AT, len(text))
    _look(report)
    begin = text[:_REPORT_AT]
    memory[: len(begin)] = begin
    _look(report)


def _look(report: SharedReport) -> None:
    read = report.read()
    if read is not None:
        assert isinstance(read.finished_at, float)
        assert isinstance(read.error_message, str | None)
    for moment in (report.started_at(), report.started_monotonic(), report.finished_monotonic()):
        assert moment is None or 0 < moment < 1e12
    report.ended_at(1772452803.0, 5.0)
