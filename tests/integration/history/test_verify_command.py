"""`jvscheduler verify` on real databases, as a user calls it."""

import asyncio
import json
import re
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from jvscheduler.cli import main
from jvscheduler.history.store.database import open_store
from jvscheduler.history.store.protocol import LoopStore
from tests.support.history.outcomes import completed, of_job
from tests.support.history.stories import REPORT, RESTOCK, manual, of_report, revision, stretch

PAGE = Path(__file__).parents[3] / "docs/operations/verify.md"
HOUR = ["--from", "2026-03-02T12:00", "--to", "2026-03-02T12:08"]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a history of eight minutes; the sixth has no record."""
    made = f"sqlite:///{tmp_path}/history.db"
    if request.param == "postgres":
        made = str(request.getfixturevalue("postgres_url"))
    write(made, _fill)
    return made


def write(url: str, story: Callable[[LoopStore], Awaitable[None]]) -> None:
    async def act() -> None:
        store = open_store(url, create_indexes=False)
        await store.open()
        try:
            await story(store)
        finally:
            await store.close()

    asyncio.run(act())


async def _fill(store: LoopStore) -> None:
    await store.add_revisions([revision(0)])
    await store.record_all([completed(of_job(n)) for n in (1, 2, 7, 8)])
    await store.record_stretches([stretch(3, 5, 3)])


def test_the_page_shows_what_it_prints(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", *HOUR, "--database", url]) == 1
    shown = re.findall(r"```\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert printed == [line.rstrip() for line in shown.splitlines()]


def test_a_true_history_ends_with_exit_code_0(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(url, lambda store: store.record(completed(of_job(6))))
    monkeypatch.setenv("JVSCHEDULER_DATABASE_URL", url)
    assert main(["verify", RESTOCK, *HOUR]) == 0
    assert capsys.readouterr().out.endswith("8 instants of 1 tasks were due: no findings\n")


def test_all_tasks_of_all_namespaces_are_judged(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def more(store: LoopStore) -> None:
        hourly = {"job_name": REPORT, "schedule": "every 4 minutes"}
        await store.add_revisions([revision(0, namespace="other"), revision(3, **hourly)])
        await store.record_all([completed(of_report(4)), completed(of_report(7))])
        await store.record(completed(manual("by-hand", of_job(7).start_time)))

    write(url, more)
    assert main(["verify", *HOUR, "--database", url, "-o", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    found = {(task["namespace"], task["task"]): task["findings"] for task in report["tasks"]}
    assert found == {
        ("other", RESTOCK): {"UnexplainedMiss": 8},
        ("shop", REPORT): {"UnexplainedMiss": 1, "NotDue": 1},
        ("shop", RESTOCK): {"UnexplainedMiss": 1, "OverLimit": 1},
    }
    assert report["findings"] == {"UnexplainedMiss": 10, "NotDue": 1, "OverLimit": 1}


def test_it_makes_no_index(tmp_path: Path) -> None:
    file = tmp_path / "plain.db"
    write(f"sqlite:///{file}", _fill)
    before = _indexes(file)
    assert main(["verify", *HOUR, "--database", f"sqlite:///{file}"]) == 1
    assert _indexes(file) == before


def _indexes(file: Path) -> list[object]:
    with sqlite3.connect(file) as connection:
        return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["shop.tasks.never"], "no definition of shop.tasks.never", id="no such task"),
        pytest.param(["--from", "1h", "--to", "2h"], "must be before", id="turned round"),
        pytest.param(["--max-lateness", "soon"], "a number and s, m, h, d or w", id="no duration"),
        pytest.param(["--database", "sqlite:///no/such.db"], "no file", id="no history"),
    ],
)
def test_a_wrong_option_ends_with_an_error_message(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/history.db"
    write(url, _fill)
    default = [] if "--database" in words else ["--database", url]
    try:
        ended = main(["verify", *words, *default])
    except SystemExit as refused:
        ended = int(str(refused.code))
    assert ended == 2
    assert message in capsys.readouterr().err
