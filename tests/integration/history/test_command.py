"""`jvscheduler history prune`, as a user calls it and as a task."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jvscheduler import environment
from jvscheduler.cli import main
from jvscheduler.history import ScheduledJob
from jvscheduler.history.entities.binding import bind
from tests.support.history.databases import DATABASES, url_of
from tests.support.runner.process import Runner


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest) -> str:
    """The URL of a history with one job for each of the last hundred days."""
    made = url_of(request)
    asyncio.run(_fill(made))
    return made


async def _fill(url: str) -> None:
    bound = bind(url)
    for days in range(100):
        time = datetime.now(UTC) - timedelta(days=days)
        await ScheduledJob.create(job_name="task", execution_time=time, status="completed")
    await bound.close()


@pytest.mark.parametrize(
    ("options", "deleted"),
    [
        pytest.param({}, 70, id="as it comes"),
        pytest.param({environment.HISTORY_OLDER_THAN: "40d"}, 60, id="another age"),
        pytest.param({environment.HISTORY_KEEP_LAST: "45"}, 55, id="more are kept"),
    ],
)
def test_the_built_in_task_prunes_the_history_of_its_own_pod(
    url: str, tmp_path: Path, options: dict[str, str], deleted: int
) -> None:
    runner = _pruning(tmp_path, url, options)
    ended = runner.run()
    own, *kept = runner.records()
    assert (ended.code, own.job_name, own.status) == (0, "jvscheduler.history.prune", "completed")
    assert own.result["deleted"] == deleted
    assert len(kept) == 100 - deleted


def test_the_built_in_task_names_a_variable_that_it_cannot_read(url: str, tmp_path: Path) -> None:
    runner = _pruning(tmp_path, url, {environment.HISTORY_OLDER_THAN: "a while"})
    assert runner.run().code == 1
    own, *kept = runner.records()
    assert own.error_message is not None
    assert "JVSCHEDULER_HISTORY_OLDER_THAN: expected a number and m, h, d or w" in own.error_message
    assert len(kept) == 99


def _pruning(folder: Path, url: str, options: dict[str, str]) -> Runner:
    own = {environment.TASK_ID: "jvscheduler.history.prune"}
    package, task = "jvscheduler.history", "pruning.prune_history"
    return Runner(folder, task, url, package=package, options={**own, **options})


def test_it_prunes_and_prints_how_many_jobs(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["history", "prune", "--older-than", "40d", "--database", url]) == 0
    assert capsys.readouterr().out.startswith("deleted 60 jobs of 1 tasks from before 20")
    monkeypatch.setenv("JVSCHEDULER_DATABASE_URL", url)
    assert main(["history", "prune", "--older-than", "1h", "--keep-last", "30"]) == 0
    assert capsys.readouterr().out.startswith("deleted 10 jobs of 1 tasks")


@pytest.mark.parametrize(
    ("words", "code", "message"),
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
def test_a_wrong_option_ends_with_an_error_message(
    words: list[str],
    code: int,
    message: str,
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
    assert message in capsys.readouterr().err
