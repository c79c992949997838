"""`jvscheduler verify`: the range that it judges, and its report."""

import argparse
import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jvscheduler.cli import main
from jvscheduler.cli.verify import Request, add_arguments, requested, verify
from jvscheduler.errors import InvalidSettings
from jvscheduler.history.records.unstarted import UnstartedJob
from jvscheduler.outcomes import Status
from jvscheduler.testing.history import MemoryHistory
from jvscheduler.verification.report import as_json, as_text
from tests.support.history.outcomes import NOON, completed, of_job
from tests.support.history.stories import REPORT, RESTOCK, minutes, presence, revision, stretch
from tests.support.history.unstarted import waiting

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)


def asked(*words: str) -> Request:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return requested(parser.parse_args(words), NOW)


@pytest.mark.parametrize(
    ("words", "start", "end", "known_until"),
    [
        pytest.param([], NOW - timedelta(days=1), NOW - timedelta(minutes=5), NOW, id="a day"),
        pytest.param(["--from", "90m"], minutes(30), minutes(115), NOW, id="an age"),
        pytest.param(
            ["--from", "2026-03-02T12:00", "--to", "2026-03-02T14:30:00+01:00"],
            NOON,
            minutes(90),
            minutes(90),
            id="with and without an offset",
        ),
        pytest.param(
            ["--to", "1h", "--grace", "0s"],
            minutes(60) - timedelta(days=1),
            minutes(60),
            minutes(60),
            id="a day before the end",
        ),
        pytest.param(
            ["--from", "1h", "--to", "2026-03-03", "--grace", "30s"],
            minutes(60),
            NOW - timedelta(seconds=30),
            NOW,
            id="an end in the future",
        ),
    ],
)
def test_the_range(words: list[str], start: datetime, end: datetime, known_until: datetime) -> None:
    request = asked(*words)
    assert (request.start, request.end, request.known_until) == (start, end, known_until)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["--from", "1h", "--to", "2h"], "must be before --to", id="wrong order"),
        pytest.param(["--from", "2m"], "before --grace begins", id="all within the grace"),
        pytest.param(["--from", "yesterday"], "--from must be a time such as", id="not a time"),
    ],
)
def test_an_empty_range_is_refused(words: list[str], message: str) -> None:
    with pytest.raises(InvalidSettings, match=message):
        asked(*words)


def a_history() -> MemoryHistory:
    """A task is due every minute from noon. Three jobs were missed, and the sixth has no record."""
    store = MemoryHistory()

    async def fill() -> None:
        await store.add_revisions(
            [revision(0), revision(0, job_name=REPORT, schedule="every hour")]
        )
        await store.record_all([completed(of_job(n)) for n in (1, 2, 7, 8)])
        await store.record_stretches([stretch(3, 5, 3)])

    asyncio.run(fill())
    return store


def report(*words: str) -> Any:
    return asyncio.run(verify(a_history(), asked("--from", "2h", "--to", "112m", *words)))


def test_the_report_as_text() -> None:
    assert [line.rstrip() for line in as_text(report())] == [
        "due after 2026-03-02T12:00:00Z, up to 2026-03-02T12:08:00Z",
        "",
        "task                          due       ran    missed   skipped  findings"
        "     p50 s     p90 s     p99 s     max s",
        "shop/shop.tasks.report          0         0         0         0         0"
        "         -         -         -         -",
        "shop/shop.tasks.restock         8         4         3         0         1"
        "     1.000     1.000     1.000     1.000",
        "    3 missed: LoopDown",
        "",
        "shop/shop.tasks.restock: 1 UnexplainedMiss",
        "    2026-03-02T12:06:00Z  due (* * * * *), no record",
        "",
        "8 instants of 2 tasks were due: 1 finding: 1 UnexplainedMiss",
    ]


@pytest.mark.parametrize(
    ("stop", "later", "findings", "unserved"),
    [
        pytest.param(5, False, 1, 4, id="after the stop"),
        pytest.param(None, False, 5, 0, id="no stop"),
        pytest.param(8, False, 4, 1, id="missing before the stop"),
        pytest.param(5, True, 5, 0, id="somebody serves the task"),
    ],
)
def test_what_is_due_since_a_noted_stop_is_no_finding(
    stop: int | None, later: bool, findings: int, unserved: int
) -> None:
    """Every minute is due. The records of the third and of those from the sixth on are missing."""
    store = MemoryHistory()

    async def fill() -> None:
        await store.add_revisions([revision(0)])
        await store.record_all([completed(of_job(n)) for n in (1, 2, 4, 5)])
        await store.record_all([completed(of_job(10))] if later else [])
        changes = {} if stop is None else {"stop_time": minutes(stop)}
        await store.record_presence(presence("one", **changes))

    asyncio.run(fill())
    end = "110m" if later else "111m"
    judged = asyncio.run(verify(store, asked("--from", "2h", "--to", end)))
    assert judged.counts.total() == findings
    (task,) = as_json(judged)["tasks"]
    assert (task["sinceStop"], len(task["examples"])) == (unserved, findings)
    line = f"    {unserved} since the scheduler stopped, recorded when it begins again"
    assert (line in as_text(judged)) is bool(unserved)


def test_jobs_that_have_not_started_are_no_runs_and_hold_no_limit() -> None:
    """Two jobs waited side by side for an hour, and one of them still waits."""
    store = MemoryHistory()

    async def fill() -> None:
        await store.add_revisions([revision(0)])
        await store.record(completed(of_job(1)))
        for number in (2, 3):
            await store.record_unstarted(unstarted(number))
        await store.record_unstarted(unstarted(2, status=Status.MISSED, end_time=minutes(62)))

    asyncio.run(fill())
    judged = asyncio.run(verify(store, asked("--from", "2h", "--to", "2026-03-02T12:03:00Z")))
    assert judged.counts.total() == 0
    (task,) = as_json(judged)["tasks"]
    assert (task["due"], task["notStarted"]) == (3, 1)
    assert task["latenessSeconds"]["max"] == 1
    lines = [line.split() for line in as_text(judged)]
    assert ["shop/shop.tasks.restock", "3", "1", "1", "0", "0", *["1.000"] * 4] in lines
    assert ["1", "not", "started", "yet"] in lines


def unstarted(number: int, **changes: Any) -> UnstartedJob:
    job = of_job(number)
    fields = {"job_id": job.job_id, "kubernetes_job": job.job_name}
    times = dict.fromkeys(("due_time", "scheduled_time"), job.scheduled_time)
    return waiting(**(fields | times | changes))


def test_the_report_as_json() -> None:
    answer = json.loads(json.dumps(as_json(report(RESTOCK, "--examples", "0"))))
    assert answer["findings"] == {"UnexplainedMiss": 1}
    (task,) = answer["tasks"]
    assert (task["namespace"], task["task"], task["due"]) == ("shop", RESTOCK, 8)
    assert task["examples"] == []
    assert task["latenessSeconds"] == {"p50": 1, "p90": 1, "p99": 1, "max": 1}
    assert {"status": "missed", "reason": "LoopDown", "count": 3} in task["outcomes"]


def test_the_report_says_which_instants_are_too_recent_to_judge() -> None:
    judged = asyncio.run(verify(a_history(), asked("--from", "2h")))
    assert next(as_text(judged)) == (
        "due after 2026-03-02T12:00:00Z, up to 2026-03-02T13:55:00Z; "
        "what was due since then may still be on its way"
    )


def test_an_example_names_its_records() -> None:
    (task,) = as_json(report(RESTOCK, "--max-lateness", "0s"))["tasks"]
    late = [example for example in task["examples"] if example["kind"] == "TooLate"]
    assert (task["findings"]["TooLate"], len(late)) == (4, 4)
    assert late[0]["instant"] == "2026-03-02T12:01:00Z"
    assert late[0]["jobs"] == [of_job(1).job_id]


def test_many_findings_are_cut_to_few_lines() -> None:
    store = MemoryHistory()
    tasks = [revision(0, job_name=f"task-{n}") for n in range(200)]
    asyncio.run(store.add_revisions(tasks))
    lines = list(as_text(asyncio.run(verify(store, asked("--from", "2h", "--to", "112m")))))
    assert len(lines) < 320
    assert lines[-3].startswith("… and 1300 more lines")
    assert lines[-1].startswith("1600 instants of 200 tasks were due: 1600 findings")


def test_an_unknown_task_is_an_error() -> None:
    with pytest.raises(InvalidSettings, match=r"no definition of shop\.tasks\.other in namespace"):
        report(RESTOCK, "shop.tasks.other", "--namespace", "shop")


def test_an_unknown_namespace_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(InvalidSettings, match=r"no task in 'nosuch'; its namespaces are: shop"):
        report("--namespace", "nosuch")


def test_a_history_without_tasks_is_not_judged() -> None:
    with pytest.raises(InvalidSettings, match="no definition of any task"):
        asyncio.run(verify(MemoryHistory(), asked()))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nothing",
        "foo://h/x",
        "sqlite:///there/is/none.db",
        "postgresql://u:top/secret@h:secret/x",
        "postgresql://u:secret@h:secret/x",
        "postgresql://u:secret@[h/x",
        "mongodb://u:secret@@h/x",
        "mongodb://u:secret@h:secret/x",
    ],
)
def test_a_bad_url_exits_2_with_a_message(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JVSCHEDULER_DATABASE_URL", url)
    assert main(["verify"]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert printed.err.startswith("jvscheduler: error: ")
    assert "secret" not in printed.err


def test_an_error_of_ours_is_no_finding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("jvscheduler.cli.verify.verify", fail)
    (tmp_path / "h.db").touch()
    assert main(["verify", "--database", f"sqlite:///{tmp_path}/h.db"]) == 2
    assert "RuntimeError: a fault" in capsys.readouterr().err
