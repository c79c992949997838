"""`jvscheduler history prune`, as a user calls it."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jvscheduler.cli import main
from jvscheduler.history import ScheduledJob
from jvscheduler.history.binding import bind


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a history of one job for each of the last hundred days."""
    made = f"sqlite:///{tmp_path}/history.db"
    if request.param == "postgres":
        made = str(request.getfixturevalue("postgres_url"))
    asyncio.run(_fill(made))
    return made


async def _fill(url: str) -> None:
    bound = bind(url)
    for days in range(100):
        time = datetime.now(UTC) - timedelta(days=days)
        await ScheduledJob.create(job_name="task", execution_time=time, status="completed")
    await bound.close()


def test_it_prunes_and_says_how_many(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["history", "prune", "--older-than", "40d", "--database", url]) == 0
    assert capsys.readouterr().out.startswith("deleted 60 jobs of 1 tasks from before 20")
    monkeypatch.setenv("JVSCHEDULER_DATABASE_URL", url)
    assert main(["history", "prune", "--older-than", "1h", "--keep-last", "30"]) == 0
    assert capsys.readouterr().out.startswith("deleted 10 jobs of 1 tasks")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        pytest.param(["--older-than", "30"], 2, "expected a number and m, h, d or w", id="no unit"),
        pytest.param(["--older-than", "0d"], 2, "expected a number and m, h, d or w", id="zero"),
        pytest.param(["--older-than", "1d", "--keep-last", "-1"], 2, "0 or more", id="negative"),
        pytest.param(["--older-than", "999999w"], 1, "beyond the year 1", id="too old"),
        pytest.param([], 2, "--older-than", id="no age"),
        pytest.param(
            ["--older-than", "1d", "--database", "sqlite:///no/such.db"], 1, "no file", id="no file"
        ),
        pytest.param(
            ["--older-than", "1d", "--database", "mysql://db/x"], 1, "not supported", id="scheme"
        ),
    ],
)
def test_what_it_cannot_do_is_told(
    words: list[str],
    code: int,
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "history.db").touch()
    default = [] if "--database" in words else ["--database", f"sqlite:///{tmp_path}/history.db"]
    try:
        ended = main(["history", "prune", *words, *default])
    except SystemExit as refused:
        ended = int(str(refused.code))
    assert ended == code
    assert told in capsys.readouterr().err
