"""`jvscheduler next` and `jvscheduler preview`, run as processes like in a user's shell."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jvscheduler.schedules.jitter import start_delay
from tests.support.command import run_command as run

TASKS = """
from jvscheduler import on_schedule

@on_schedule("daily at 02:30", time_zone="Europe/Berlin")
def sums() -> None: ...

@on_schedule("every 6 hours", task_id="shop.six-hourly")
def six_hourly() -> None: ...

@on_schedule("0 6 * * mon")
def weekly() -> None: ...

@on_schedule("every minute", enabled=False)
def suspended() -> None: ...
"""
OPTIONS = """
from jvscheduler import on_schedule

@on_schedule("daily", backend="Loop")
def says_it() -> None: ...

@on_schedule("daily", concurrency_policy="Replace")
def replaces() -> None: ...

@on_schedule("daily", retry_count=1, retry_delay_seconds=5)
def retries_early() -> None: ...
"""
MONDAY = ("--after", "2026-11-23T00:00+00:00")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(TASKS, encoding="utf-8")
    return tmp_path


def test_the_next_instants_of_a_schedule(folder: Path) -> None:
    words = ("daily at 02:30", "--time-zone", "Europe/Berlin", "--after", "2026-10-24", "--count")
    done = run(folder, "next", *words, "4")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "schedule:   daily at 02:30",
        "time zone:  Europe/Berlin",
        "dst:        cron",
        "backend:    CronJob: '30 2 * * *' is due at the same instants",
        "",
        "Sat 2026-10-24 02:30:00 +0200 CEST    2026-10-24T00:30:00Z",
        "Sun 2026-10-25 02:30:00 +0200 CEST    2026-10-25T00:30:00Z",
        "Sun 2026-10-25 02:30:00 +0100 CET     2026-10-25T01:30:00Z  "
        "clock changed by -1:00, this time for the second time",
        "Mon 2026-10-26 02:30:00 +0100 CET     2026-10-26T01:30:00Z",
    ]


@pytest.mark.parametrize(
    ("function", "backend"),
    [
        ("says_it", "Loop: its decorator says so"),
        ("replaces", "Loop: a CronJob replaces no job that runs"),
        ("retries_early", "Loop: a Kubernetes Job waits at least 10 s before a retry"),
    ],
)
def test_the_options_of_a_task_choose_its_backend(
    folder: Path, function: str, backend: str
) -> None:
    (folder / "own.py").write_text(OPTIONS, encoding="utf-8")
    done = run(folder, "next", f"own:{function}")
    assert done.stdout.splitlines()[3] == f"backend:    {backend}"


def test_h_has_the_value_of_the_task(folder: Path) -> None:
    done = run(folder, "next", "H H * * *", "--seed", "shop.tasks.restock", *MONDAY, "--count", "1")
    assert done.stdout.splitlines()[:5] == [
        "schedule:   H H * * *",
        "time zone:  UTC",
        "dst:        cron",
        "resolved:   56 15 * * *",
        "backend:    CronJob: '56 15 * * *' is due at the same instants",
    ]
    assert done.stdout.endswith("  2026-11-23T15:56:00Z\n")
    of_no_task = run(folder, "next", "H H * * *")
    assert of_no_task.returncode == 1
    assert "H follows from a task's id: give one, with --seed" in of_no_task.stderr


def test_the_next_instants_as_json(folder: Path) -> None:
    words = ("daily at 02:30", "--time-zone", "Europe/Berlin", "--dst", "once", "-o", "json")
    done = run(folder, "next", *words, "--after", "2026-03-28T03:00+01:00", "--count", "1")
    answer = json.loads(done.stdout)
    assert (answer["backend"], answer["cron"], answer["dst"]) == ("Loop", None, "once")
    assert "is not what cron does where the clock changes" in answer["reason"]
    assert answer["instants"] == [
        {
            "utc": "2026-03-29T01:00:00Z",
            "startDelaySeconds": 0.0,
            "local": "2026-03-29T03:00:00+02:00",
            "clockChangeSeconds": 3600,
            "isRepeated": False,
        }
    ]


@pytest.mark.parametrize("name", ["six_hourly", "shop.six-hourly"])
def test_a_task_by_its_function_and_by_its_id(folder: Path, name: str) -> None:
    done = run(folder, "next", f"shop:{name}", *MONDAY, "--count", "2")
    assert "'0 */6 * * *' is due at the same instants" in done.stdout
    assert done.stdout.endswith("2026-11-23T06:00:00Z\n" + done.stdout.splitlines()[-1] + "\n")
    assert done.stdout.splitlines()[-1].endswith("2026-11-23T12:00:00Z")


def test_a_random_interval_of_a_task_draws_from_its_id(folder: Path) -> None:
    text = "from jvscheduler import on_schedule\n@on_schedule('every 5 to 10 minutes')\n"
    (folder / "loop.py").write_text(f"{text}def often(): ...\n")
    own = run(folder, "next", "loop:often", *MONDAY).stdout
    seeded = run(folder, "next", "every 5 to 10 minutes", "--seed", "loop.often", *MONDAY).stdout
    assert own == seeded
    assert own != run(folder, "next", "every 5 to 10 minutes", *MONDAY).stdout


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["dayly"], 1, "nearest form: 'daily'"),
        (["daily", "--time-zone", "Local"], 1, "not an IANA time zone"),
        (["daily", "--after", "soon"], 1, "--after must be a time such as"),
        (["daily", "--after", "9999-12-31"], 1, "from 1970 to 9000"),
        (["daily", "--count", "0"], 2, "expected a whole number from 1 to 1000"),
        (["every 7 minutes", "--dst", "once"], 1, "is for times of the wall clock"),
        (["shop:nothing"], 1, "shop: there is no task 'nothing'"),
        (["shop:sums", "--dst", "once"], 1, "a task has its own"),
        (["nowhere:task"], 1, "there is no module 'nowhere'"),
    ],
)
def test_a_mistake_has_a_message(folder: Path, words: list[str], code: int, message: str) -> None:
    done = run(folder, "next", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_fleet_is_previewed(folder: Path) -> None:
    done = run(folder, "preview", "shop", *MONDAY)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "jobs per day",
        "        4.00  shop.six-hourly",
        "        1.00  shop.sums",
        "        0.14  shop.weekly",
        "   suspended  shop.suspended",
        "",
        "starts per minute of the hour",
        f"         :00  {'#' * 50} 29",
        f"         :30  {'#' * 13} 7",
        "",
        "worst minute: 2026-11-23T06:00Z, 2 at once: shop.six-hourly, shop.weekly",
    ]


@pytest.mark.parametrize(("most", "code"), [("2", 0), ("1", 1)])
def test_too_many_starts_at_once_change_the_exit_code(folder: Path, most: str, code: int) -> None:
    done = run(folder, "preview", "shop", *MONDAY, "--max-simultaneous", most, "-o", "json")
    assert done.returncode == code
    assert json.loads(done.stdout) == {
        "days": 7,
        "runsPerDay": {"shop.six-hourly": 4.0, "shop.sums": 1.0, "shop.weekly": 1 / 7},
        "suspended": ["shop.suspended"],
        "startsPerMinuteOfHour": {"0": 29, "30": 7},
        "worstMinute": {
            "time": "2026-11-23T06:00Z",
            "starts": 2,
            "tasks": ["shop.six-hourly", "shop.weekly"],
        },
    }
    message = "2 jobs start at 2026-11-23T06:00Z, more than --max-simultaneous 1"
    assert (message in done.stderr) == bool(code)


def test_jitter_is_shown_and_moves_starts(folder: Path) -> None:
    text = "from jvscheduler import on_schedule\n@on_schedule('hourly', jitter_seconds=1800)\n"
    (folder / "spread.py").write_text(f"{text}def often(): ...\n")
    due = datetime(2026, 11, 23, 1, tzinfo=UTC)
    start = due + start_delay("spread.often", due, 1800)
    done = run(folder, "next", "spread:often", *MONDAY, "--count", "1")
    assert done.stdout.splitlines()[-1].endswith(f"Z  starts {start:%H:%M:%S}Z (jitter)")
    done = run(folder, "preview", "spread", *MONDAY, "--days", "1", "-o", "json")
    assert len(json.loads(done.stdout)["startsPerMinuteOfHour"]) > 5


def test_a_fleet_that_never_starts(folder: Path) -> None:
    text = "from jvscheduler import on_schedule\n@on_schedule('0 0 1 1 *')\ndef yearly(): ...\n"
    (folder / "rare.py").write_text(text)
    done = run(folder, "preview", "rare", *MONDAY, "--max-simultaneous", "1")
    assert done.returncode == 0
    assert done.stdout.endswith("nothing starts\n")
