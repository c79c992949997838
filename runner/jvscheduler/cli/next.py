"""`jvscheduler next` shows the due instants of a schedule, clock changes, and the backend."""

import argparse
import heapq
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from jvscheduler.cli import output
from jvscheduler.cli.arguments import (
    IMPORT_SECONDS,
    add_configuration,
    add_output,
    instant,
    whole_number,
)
from jvscheduler.configuration.opening import open_project
from jvscheduler.configuration.project import Selection
from jvscheduler.discovery import choose, discover
from jvscheduler.errors import InvalidSettings
from jvscheduler.schedules import Schedule, parse_schedule
from jvscheduler.schedules.jitter import start_delay
from jvscheduler.tasks import JOB_RETRY_SECONDS, Task
from jvscheduler.zones import zone

_TASK: Final = re.compile(r"([^\W\d][\w.]*):([\w.-]+)", re.ASCII)
_END: Final = datetime(9990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class NextInstant:
    """One due instant."""

    instant: datetime
    """In UTC."""
    local: datetime
    """In the schedule's time zone."""
    delay: timedelta
    """How long after it the job starts: the task's jitter."""
    change: timedelta
    """By how much the zone's clock has changed since the instant before."""

    @property
    def is_repeated(self) -> bool:
        """True when the clock shows this wall-clock time for the second time."""
        return self.local.fold == 1

    @property
    def mark(self) -> str:
        words = [f"starts {self.instant + self.delay:%H:%M:%S}Z (jitter)"] if self.delay else []
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
        nargs="?",
        metavar="SCHEDULE|MODULE:TASK",
        help="a schedule such as 'daily at 14:30', or a task by its function's name or its id "
        "(default: every task of the project's file)",
    )
    parser.add_argument("--time-zone", help="time zone of a SCHEDULE (default: UTC)")
    parser.add_argument(
        "--dst",
        choices=("cron", "once"),
        help="what happens to a SCHEDULE when the clock changes (default: cron)",
    )
    parser.add_argument(
        "--seed", help="task id from which a random interval and H of a SCHEDULE draw"
    )
    parser.add_argument(
        "--after", metavar="TIME", help="show instants after this time, in ISO 8601 (default: now)"
    )
    parser.add_argument(
        "--count",
        type=whole_number(1, 1000),
        default=10,
        help="show so many instants (default: %(default)s)",
    )
    add_configuration(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    output.write_line(_of_every_task(args) if args.schedule is None else _of_one(args))
    return 0


def _of_one(args: argparse.Namespace) -> str:
    task = _task(args)
    if task is None and (args.env is not None or args.config is not None):
        raise InvalidSettings("--env and --config are for tasks: a SCHEDULE has no project")
    schedule = _schedule(args) if task is None else task.schedule
    backend = _backend(schedule, task)
    after = _after(args, schedule.time_zone)
    due = list(islice(upcoming(schedule, after, task), args.count))
    show = _json if args.output == "json" else _text
    return show(schedule, backend, due)


def _of_every_task(args: argparse.Namespace) -> str:
    _check_no_schedule(args)
    after = _after(args, "UTC")
    due = islice(due_next(_tasks(args), after), args.count)
    if args.output == "json":
        instants = [{"utc": f"{at:%Y-%m-%dT%H:%M:%SZ}", "task": task_id} for at, task_id in due]
        return json.dumps({"instants": instants}, indent=2)
    return "\n".join(f"{at:%Y-%m-%dT%H:%M:%SZ}  {task_id}" for at, task_id in due)


def due_next(tasks: Sequence[Task], after: datetime) -> Iterator[tuple[datetime, str]]:
    """The due instants of all tasks that are not suspended, in their order."""
    return heapq.merge(
        *(_with_id(task, task.schedule.between(after, _END)) for task in tasks if task.enabled)
    )


def _with_id(task: Task, instants: Iterable[datetime]) -> Iterator[tuple[datetime, str]]:
    return ((instant, task.task_id) for instant in instants)


def _after(args: argparse.Namespace, time_zone: str) -> datetime:
    if args.after is None:
        return datetime.now(UTC)
    return instant("--after", args.after, time_zone)


def upcoming(
    schedule: Schedule, after: datetime, task: Task | None = None
) -> Iterator[NextInstant]:
    clock = zone(schedule.time_zone)
    offset = after.astimezone(clock).utcoffset() or timedelta(0)
    for moment in schedule.between(after, _END):
        local = moment.astimezone(clock)
        before, offset = offset, local.utcoffset() or timedelta(0)
        delay = start_delay(task.task_id, moment, task.jitter_seconds) if task else timedelta(0)
        yield NextInstant(moment, local, delay, offset - before)


def _schedule(args: argparse.Namespace) -> Schedule:
    zone_name, seed = args.time_zone or "UTC", args.seed or ""
    schedule = parse_schedule(args.schedule, zone_name, seed, args.dst or "cron")
    if schedule.resolved and args.seed is None:
        raise InvalidSettings("H follows from a task's id: give one, with --seed")
    return schedule


def _task(args: argparse.Namespace) -> Task | None:
    """None when the argument is a schedule."""
    named = _TASK.fullmatch(args.schedule)
    if named is None:
        return None
    _check_no_schedule(args)
    return choose(_tasks(args, named[1]), named[2], named[1])


def _check_no_schedule(args: argparse.Namespace) -> None:
    if args.time_zone or args.dst or args.seed is not None:
        raise InvalidSettings(
            "--time-zone, --dst and --seed are for a SCHEDULE: a task has its own"
        )


def _tasks(args: argparse.Namespace, *modules: str) -> Sequence[Task]:
    """The tasks of the modules, or of the project's file when there are none."""
    project = open_project(Selection(modules, args.env, args.config))
    return project.configured(discover(project.modules, IMPORT_SECONDS))


def _backend(schedule: Schedule, task: Task | None) -> tuple[str, str]:
    """The backend, and why it is that one."""
    if task is not None and task.backend is not None:
        return task.backend, "its decorator says so"
    if task is not None and task.concurrency_policy == "Replace":
        return "Loop", "a CronJob replaces no job that runs"
    if task is not None and (task.shortest_pause or JOB_RETRY_SECONDS) < JOB_RETRY_SECONDS:
        return "Loop", f"a Kubernetes Job waits at least {JOB_RETRY_SECONDS} s before a retry"
    if schedule.cron is not None:
        return "CronJob", f"{schedule.cron!r} is due at the same instants"
    return "Loop", f"{schedule.loop_reason}"


def _text(schedule: Schedule, backend: tuple[str, str], due: Sequence[NextInstant]) -> str:
    facts = {"schedule": schedule.text, "time zone": schedule.time_zone, "dst": schedule.dst}
    if schedule.resolved is not None:
        facts["resolved"] = schedule.resolved
    lines = [f"{name + ':':11} {value}" for name, value in facts.items()]
    lines += [f"{'backend:':11} {': '.join(backend)}", ""]
    return "\n".join(lines + [_line(instant) for instant in due])


def _line(due: NextInstant) -> str:
    local = f"{due.local:%a %Y-%m-%d %H:%M:%S %z %Z}"
    return f"{local:37} {due.instant:%Y-%m-%dT%H:%M:%SZ}  {due.mark}".rstrip()


def _json(schedule: Schedule, backend: tuple[str, str], due: Sequence[NextInstant]) -> str:
    facts: dict[str, Any] = {
        "schedule": schedule.text,
        "resolvedSchedule": schedule.resolved,
        "timeZone": schedule.time_zone,
        "dst": schedule.dst,
        "cron": schedule.cron,
        "backend": backend[0],
        "reason": backend[1],
        "instants": [_fields(instant) for instant in due],
    }
    return json.dumps(facts, indent=2, ensure_ascii=False)


def _fields(due: NextInstant) -> dict[str, Any]:
    return {
        "utc": f"{due.instant:%Y-%m-%dT%H:%M:%SZ}",
        "local": due.local.isoformat(),
        "startDelaySeconds": round(due.delay.total_seconds(), 3),
        "clockChangeSeconds": due.change // timedelta(seconds=1),
        "isRepeated": due.is_repeated,
    }
