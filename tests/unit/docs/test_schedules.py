"""Every example of docs/reference/schedules.md does what the page says."""

import doctest
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jvscheduler import parse_schedule
from jvscheduler.cron import SYNONYMS
from jvscheduler.errors import InvalidSchedule

PAGE = Path(__file__).parents[3] / "docs/reference/schedules.md"
TEXT = PAGE.read_text(encoding="utf-8")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def rows(heading: str) -> list[list[str]]:
    """The table after a heading, cell by cell, without its head."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    assert len(lines) > 2, f"{heading} has no table"
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_python_of_the_page_runs() -> None:
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert (result.failed, result.attempted > 4) == (0, True)


@pytest.mark.parametrize(("text", "cron"), rows("Forms"))
def test_a_form_is_the_cron_beside_it(text: str, cron: str) -> None:
    assert parse_schedule(text).cron == cron


def test_the_page_has_every_synonym() -> None:
    assert SYNONYMS.keys() == {text for text, _ in rows("Forms") if text.startswith("@")}


@pytest.mark.parametrize("text", [row[0] for row in rows("Cron")])
def test_a_cron_example_is_accepted(text: str) -> None:
    assert parse_schedule(text).cron == text


@pytest.mark.parametrize(("text", "nearest"), [(row[0], row[-1]) for row in rows("Intervals")])
def test_an_interval_names_the_nearest_that_a_cronjob_carries(text: str, nearest: str) -> None:
    schedule = parse_schedule(text)
    assert (str(schedule), schedule.cron) == (text, None)
    assert repr(nearest) in (schedule.refusal or "")
    assert parse_schedule(nearest).cron


SPREAD = rows("Spread with H")
EXAMPLES = [row[0] for row in SPREAD if len(row) == 2]
VALUES = [row for row in SPREAD if len(row) == 3 and row[0] not in ("task id", "---")]


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_of_h_is_accepted(text: str) -> None:
    assert str(parse_schedule(text)) == text


@pytest.mark.parametrize(("task_id", "text", "cron"), VALUES)
def test_a_value_of_h_stays_what_it_is(task_id: str, text: str, cron: str) -> None:
    assert parse_schedule(text, seed=task_id).cron == cron


def test_the_page_has_a_value_of_each_form_of_h() -> None:
    fields = " ".join(text for _, text, _ in VALUES)
    assert all(form in fields for form in ("H ", "H/15 ", "H(1-5) ", "H(10-29)/5,", " H/6 "))


def test_the_remarks_on_cron_hold() -> None:
    every_7 = parse_schedule("*/7 * * * *")
    minutes = [at.minute for at in every_7.between(NOON, NOON.replace(hour=13))]
    assert minutes[-2:] == [56, 0]
    for refused in ("0 0 * * 7", "0 0 L * *", "@every 5m", "TZ=UTC 0 0 * * *", "0 0 31 2 *"):
        with pytest.raises(InvalidSchedule):
            parse_schedule(refused)


@pytest.mark.parametrize(
    ("day", "runs"),
    [("2026-03-28", 1), ("2026-03-29", 0), ("2026-10-25", 2), ("2026-10-26", 1)],
)
def test_a_time_that_the_clock_skips_or_repeats(day: str, runs: int) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=berlin)
    end = start.replace(hour=23, minute=59)
    due = parse_schedule("daily at 02:30", "Europe/Berlin").between(start, end)
    assert len(list(due)) == runs


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_with_once_that_time_is_due_once(day: str) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=berlin)
    once = parse_schedule("daily at 02:30", "Europe/Berlin", dst="once")
    assert len(list(once.between(start, start.replace(hour=23, minute=59)))) == 1
