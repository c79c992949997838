"""`jvscheduler next`: when a schedule is due, where clocks change, and what will carry it."""

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from jvscheduler.cli.arguments import IMPORT_SECONDS, add_output, instant, whole_number
from jvscheduler.discovery import discover
from jvscheduler.errors import InvalidSettings
from jvscheduler.schedules import Schedule, parse_schedule
from jvscheduler.zones import zone

_TASK: Final = re.compile(r"([^\W\d][\w.]*):([\w.-]+)", re.ASCII)
_END: Final = datetime(9990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Due:
    """`change` is by how much the zone's clock was moved since the instant before."""

    instant: datetime
    local: datetime
    change: timedelta

    @property
    def is_repeated(self) -> bool:
        """Whether the clock shows this time for the second time."""
        return self.local.fold == 1

    @property
    def mark(self) -> str:
        words = []
        if self.change:
            sign = "-" if self.change < timedelta(0) else "+"
            hours, minutes = divmod(abs(self.change) // timedelta(minutes=1), 60)
            words.append(f"clock changed by {sign}{hours}:{minutes:02}")
        if self.is_repeated:
            words.append("this time for the second time")
        return ", ".join(words)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "schedule",
        metavar="SCHEDULE|MODULE:TASK",
        help="a schedule such as 'daily at 14:30', or a task by its function or its id",
    )
    parser.add_argument("--time-zone", help="of a SCHEDULE (default: UTC)")
    parser.add_argument("--dst", choices=("cron", "once"), help="of a SCHEDULE (default: cron)")
    parser.add_argument("--seed", help="of a SCHEDULE with a random interval: the task's id")
    parser.add_argument("--after", metavar="TIME", help="ISO 8601 (default: now)")
    parser.add_argument(
        "--count", type=whole_number(1, 1000), default=10, help="(default: %(default)s)"
    )
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    schedule = _schedule(args)
    after = datetime.now(UTC)
    if args.after is not None:
        after = instant("--after", args.after, schedule.time_zone)
    due = list(islice(upcoming(schedule, after), args.count))
    print(_json(schedule, due) if args.output == "json" else _text(schedule, due))
    return 0


def upcoming(schedule: Schedule, after: datetime) -> Iterator[Due]:
    clock = zone(schedule.time_zone)
    offset = after.astimezone(clock).utcoffset() or timedelta(0)
    for moment in schedule.between(after, _END):
        local = moment.astimezone(clock)
        before, offset = offset, local.utcoffset() or timedelta(0)
        yield Due(moment, local, offset - before)


def _schedule(args: argparse.Namespace) -> Schedule:
    task = _TASK.fullmatch(args.schedule)
    if task is None:
        zone_name, seed = args.time_zone or "UTC", args.seed or ""
        return parse_schedule(args.schedule, zone_name, seed, args.dst or "cron")
    if args.time_zone or args.dst or args.seed is not None:
        raise InvalidSettings("--time-zone, --dst and --seed are a SCHEDULE's: a task has its own")
    return _schedule_of_task(task[1], task[2])


def _schedule_of_task(module: str, name: str) -> Schedule:
    tasks = discover([module], IMPORT_SECONDS)
    for task in tasks:
        if name in (task.task_id, task.entrypoint.partition(":")[2]):
            return task.schedule
    known = ", ".join(task.entrypoint.partition(":")[2] for task in tasks)
    raise InvalidSettings(f"module {module!r} has no task {name!r}; it has {known}")


def _backend(schedule: Schedule) -> tuple[str, str]:
    if schedule.cron is not None:
        return "CronJob", f"{schedule.cron!r} is due at the same instants"
    return "Loop", f"{schedule.loop_reason}"


def _text(schedule: Schedule, due: Sequence[Due]) -> str:
    backend, why = _backend(schedule)
    facts = {"schedule": schedule.text, "time zone": schedule.time_zone, "dst": schedule.dst}
    lines = [f"{name + ':':11} {value}" for name, value in facts.items()]
    lines += [f"{'backend:':11} {backend}: {why}", ""]
    return "\n".join(lines + [_line(one) for one in due])


def _line(due: Due) -> str:
    local = f"{due.local:%a %Y-%m-%d %H:%M:%S %z %Z}"
    return f"{local:37} {due.instant:%Y-%m-%dT%H:%M:%SZ}  {due.mark}".rstrip()


def _json(schedule: Schedule, due: Sequence[Due]) -> str:
    backend, why = _backend(schedule)
    facts: dict[str, Any] = {
        "schedule": schedule.text,
        "timeZone": schedule.time_zone,
        "dst": schedule.dst,
        "cron": schedule.cron,
        "backend": backend,
        "reason": why,
        "instants": [_fields(one) for one in due],
    }
    return json.dumps(facts, indent=2, ensure_ascii=False)


def _fields(due: Due) -> dict[str, Any]:
    return {
        "utc": f"{due.instant:%Y-%m-%dT%H:%M:%SZ}",
        "local": due.local.isoformat(),
        "clockChangeSeconds": due.change // timedelta(seconds=1),
        "isRepeated": due.is_repeated,
    }
