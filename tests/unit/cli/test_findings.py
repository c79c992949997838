"""What `build --check` finds, and what it does not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from jvscheduler.cli.findings import Finding, Kind, findings, has_tag
from jvscheduler.decorators.templates import template_of
from jvscheduler.schedules import Dst, parse_schedule
from jvscheduler.tasks import Task

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIMITED = {"timeout_seconds": 60, "template": template_of({"memory": "64Mi"}, None)}


def task(schedule: str, time_zone: str = "UTC", dst: Dst = "cron", **options: Any) -> Task:
    parsed = parse_schedule(schedule, time_zone, "shop.a", dst)
    return Task("shop.a", "shop:a", parsed, **{**LIMITED, **options})


def found(*tasks: Task, image: str = "shop:1", most: int = 10) -> Sequence[Finding]:
    return list(findings(tasks, image, NOW, most))


def kinds(*tasks: Task) -> list[Kind]:
    return [finding.kind for finding in found(*tasks)]


def test_a_task_with_limits_has_no_findings() -> None:
    assert found(task("daily at 03:00"), task("every 7 minutes")) == []


@pytest.mark.parametrize(
    ("schedule", "time_zone", "expected"),
    [
        ("daily at 02:30", "Europe/Berlin", [Kind.SKIPPED_TIME, Kind.REPEATED_TIME]),
        ("daily at 01:30", "Europe/London", [Kind.SKIPPED_TIME, Kind.REPEATED_TIME]),
        ("daily at 02:30", "UTC", []),
        ("daily at 04:00", "Europe/Berlin", []),
        ("every 30 minutes", "Europe/Berlin", []),
        ("every 7 minutes", "Europe/Berlin", []),
        ("weekly on wednesday at 02:30", "Europe/Berlin", []),
    ],
)
def test_a_time_of_day_that_a_clock_skips_or_repeats(
    schedule: str, time_zone: str, expected: list[Kind]
) -> None:
    assert kinds(task(schedule, time_zone)) == expected
    assert kinds(task(schedule, time_zone, enabled=False)) == []


def test_the_message_names_the_day() -> None:
    skipped, repeated = found(task("daily at 02:30", "Europe/Berlin"))
    assert "is not due on 2026-03-29, when the clock of Europe/Berlin changes" in skipped.message
    assert "is due twice on 2026-10-25" in repeated.message


def test_each_time_of_a_day_once_is_the_fix() -> None:
    assert kinds(task("daily at 02:30", "Europe/Berlin", "once")) == []


def test_limits_that_are_not_set() -> None:
    assert kinds(task("daily", timeout_seconds=None)) == [Kind.NO_TIME_LIMIT]
    assert kinds(task("daily", template=None)) == [Kind.NO_MEMORY_LIMIT]
    cpu_alone = template_of({"cpu": "500m"}, None)
    assert kinds(task("daily", template=cpu_alone)) == [Kind.NO_MEMORY_LIMIT]


def test_a_minute_in_which_too_many_start() -> None:
    crowd = [replace(task("daily at 03:00"), task_id=f"shop.{name}") for name in "abcdefg"]
    assert found(*crowd, most=7) == []
    (finding,) = found(*crowd, most=6)
    assert finding.kind is Kind.CROWDED_MINUTE
    assert "7 jobs start at 2026-01-01T03:00Z, more than 6: " in finding.message
    assert "and 2 more" in finding.message


def test_a_task_that_is_due_all_the_time_is_no_crowd() -> None:
    assert found(task("every 5 seconds"), most=1) == []


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("shop", False),
        ("shop:latest", False),
        ("registry.example:5000/shop", False),
        ("registry.example:5000/shop:1", True),
        ("shop:1.4", True),
        (f"shop@sha256:{'0' * 64}", True),
    ],
)
def test_an_image_needs_a_tag_that_stays(image: str, expected: bool) -> None:
    assert has_tag(image) is expected
    assert [f.kind for f in found(image=image)] == ([] if expected else [Kind.IMAGE_WITHOUT_TAG])
