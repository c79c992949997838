"""`jvscheduler preview` shows how many jobs a fleet of tasks starts when. CI may set a limit."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from jvscheduler.cli import output
from jvscheduler.cli.arguments import (
    IMPORT_SECONDS,
    add_output,
    add_project,
    instant,
    selection,
    whole_number,
)
from jvscheduler.cli.fleet import Fleet, preview
from jvscheduler.configuration.opening import open_project
from jvscheduler.discovery import discover

_TOO_MANY: Final = 1
_BAR_LENGTH: Final = 50
_MAX_NAMES: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_project(parser)
    parser.add_argument(
        "--days",
        type=whole_number(1, 366),
        default=7,
        help="look so many days ahead (default: %(default)s)",
    )
    parser.add_argument(
        "--after", metavar="TIME", help="look from this time on, in ISO 8601 (default: now)"
    )
    parser.add_argument(
        "--max-simultaneous",
        type=whole_number(1, 10**6),
        metavar="N",
        help="exit with 1 when more than N jobs start in one minute",
    )
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    start = datetime.now(UTC)
    if args.after is not None:
        start = instant("--after", args.after, "UTC")
    project = open_project(selection(args))
    tasks = project.configured(discover(project.modules, IMPORT_SECONDS))
    fleet = preview(tasks, start, start + timedelta(days=args.days), args.days)
    output.write_line(_json(fleet) if args.output == "json" else "\n".join(_text(fleet)))
    return _verdict(fleet, args.max_simultaneous)


def _verdict(fleet: Fleet, most: int | None) -> int:
    if most is None or fleet.most <= most:
        return 0
    print(
        f"jvscheduler: {fleet.most} jobs start at {_time(fleet)}, more than --max-simultaneous "
        f"{most}: move some of them to other minutes",
        file=sys.stderr,
    )
    return _TOO_MANY


def _text(fleet: Fleet) -> Iterator[str]:
    yield "jobs per day"
    for task_id, jobs in fleet.jobs.items():
        yield f"{jobs / fleet.days:12.2f}  {task_id}"
    for task_id in fleet.suspended:
        yield f"{'suspended':>12}  {task_id}"
    yield ""
    yield "starts per minute of the hour"
    yield from _histogram(fleet.by_minute_of_hour)
    yield ""
    yield _worst(fleet)


def _histogram(starts: Mapping[int, int]) -> Iterator[str]:
    for minute, count in starts.items():
        length = -(-count * _BAR_LENGTH // max(starts.values()))
        yield f"{f':{minute:02}':>12}  {'#' * length} {count}"


def _worst(fleet: Fleet) -> str:
    if not fleet.most:
        return "nothing starts"
    more = len(fleet.worst) - _MAX_NAMES
    names = ", ".join(fleet.worst[:_MAX_NAMES]) + (f" and {more} more" if more > 0 else "")
    return f"worst minute: {_time(fleet)}, {fleet.most} at once: {names}"


def _time(fleet: Fleet) -> str | None:
    worst = fleet.worst_minute
    return f"{worst:%Y-%m-%dT%H:%MZ}" if worst else None


def _json(fleet: Fleet) -> str:
    facts: dict[str, Any] = {
        "days": fleet.days,
        "runsPerDay": {task_id: jobs / fleet.days for task_id, jobs in fleet.jobs.items()},
        "suspended": fleet.suspended,
        "startsPerMinuteOfHour": fleet.by_minute_of_hour,
        "worstMinute": {"time": _time(fleet), "starts": fleet.most, "tasks": fleet.worst},
    }
    return json.dumps(facts, indent=2, ensure_ascii=False)
