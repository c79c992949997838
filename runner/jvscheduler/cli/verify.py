"""`jvscheduler verify` checks that a history is true: every due instant has one true record.

It only reads and creates no index, so that it may run in production at any time.
The exit code is 0 without findings, 1 with findings, and 2 when the history
could not be judged.
"""

import argparse
import asyncio
import json
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from jvscheduler.cli import output
from jvscheduler.cli.arguments import (
    add_database,
    add_output,
    age,
    duration,
    instant,
    whole_number,
    without_extra,
)
from jvscheduler.errors import InvalidSettings, SchedulerError

if TYPE_CHECKING:
    from jvscheduler.history.store.protocol import LoopStore
    from jvscheduler.verification.report import VerificationReport

_FOUND: Final = 1
_NOT_JUDGED: Final = 2
_MAX_NAMES: Final = 20
_DAY: Final = timedelta(days=1)
_GRACE: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Request:
    """The due instants to judge: those in (start, end]."""

    tasks: Sequence[str]
    """Ids. Empty: every task of the history."""
    namespace: str | None
    """None: every namespace."""
    start: datetime
    end: datetime
    known_until: datetime
    """The time up to which the history can hold records, which is later than `end`."""
    most: int
    """Findings to list of each task and kind."""
    max_lateness: timedelta | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "tasks", nargs="*", metavar="TASK", help="a task's id (default: every task of the history)"
    )
    time = "in ISO 8601 (UTC without an offset), or an age such as 90m, 24h or 7d"
    parser.add_argument(
        "--from",
        dest="start",
        metavar="TIME",
        help=f"judge from this time on, {time} (default: 24h)",
    )
    parser.add_argument(
        "--to", dest="end", metavar="TIME", help="judge up to this time (default: now)"
    )
    parser.add_argument(
        "--grace",
        type=duration,
        default=_GRACE,
        metavar="TIME",
        help="leave out the last instants, whose records may still be written (default: 5m)",
    )
    parser.add_argument("--namespace", help="namespace of the tasks (default: every namespace)")
    parser.add_argument(
        "--max-lateness",
        type=duration,
        metavar="TIME",
        help="also find jobs that started later than this",
    )
    parser.add_argument(
        "--examples",
        type=whole_number(0, 10_000),
        default=5,
        metavar="N",
        help="show at most so many findings of each task and kind (default: %(default)s)",
    )
    add_database(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    try:
        report = asyncio.run(_verify(args))
        _show(report, args.output)
    except SchedulerError as error:
        print(f"jvscheduler: error: {error}", file=sys.stderr)
        return _NOT_JUDGED
    except BrokenPipeError:
        raise
    except Exception:  # noqa: BLE001 - Python's own exit code, 1, would say that there are findings
        traceback.print_exc()
        return _NOT_JUDGED
    return _FOUND if report.counts.total() else 0


def _show(report: "VerificationReport", form: str) -> None:
    from jvscheduler.verification.report import as_json, as_text  # noqa: PLC0415 - in an extra

    if form == "json":
        output.write_line(json.dumps(as_json(report), indent=2, ensure_ascii=False))
    else:
        output.write_line("\n".join(as_text(report)))


def requested(args: argparse.Namespace, now: datetime) -> Request:
    """Raises InvalidSettings."""
    known_until = _moment("--to", args.end, now) if args.end else now
    # The record of an instant that was due a moment ago may not be written yet. Without the
    # grace it would be reported as missing.
    end = min(known_until, now - args.grace)
    start = _moment("--from", args.start, now) if args.start else known_until - _DAY
    if start >= end:
        raise InvalidSettings(
            f"--from {start:%Y-%m-%dT%H:%M:%SZ} must be before --to, and before --grace begins: "
            f"{end:%Y-%m-%dT%H:%M:%SZ}"
        )
    return Request(
        tasks=args.tasks,
        namespace=args.namespace,
        start=start,
        end=end,
        known_until=min(known_until, now),
        most=args.examples,
        max_lateness=args.max_lateness,
    )


def _moment(option: str, text: str, now: datetime) -> datetime:
    ago = age(text)
    return now - ago if ago is not None else instant(option, text, "UTC").astimezone(UTC)


async def _verify(args: argparse.Namespace) -> "VerificationReport":
    request = requested(args, datetime.now(UTC))
    try:
        from jvscheduler.history.settings import read_database_url  # noqa: PLC0415 - in an extra
        from jvscheduler.history.store.database import open_store  # noqa: PLC0415 - in an extra

        with _url_checked():
            store = open_store(read_database_url(args.database), create_indexes=False)
    except ImportError as error:
        raise without_extra("verify", error, "runner") from error
    try:
        with _url_checked():
            await store.open()
        return await verify(store, request)
    finally:
        await store.close()


@contextmanager
def _url_checked() -> Iterator[None]:
    """Raises InvalidSettings when a driver does not take the URL.

    The driver's message is not shown: it may hold a part of the password.
    """
    try:
        yield
    except SchedulerError:
        raise
    except ValueError as error:
        raise InvalidSettings(
            f"the history cannot be opened ({type(error).__name__} of the database's driver); "
            "check --database or JVSCHEDULER_DATABASE_URL: escape special characters of the "
            "password, and give the port as a number"
        ) from None


async def verify(store: "LoopStore", request: Request) -> "VerificationReport":
    from jvscheduler.history.records.presences import stop_time  # noqa: PLC0415 - in an extra
    from jvscheduler.verification.audit import AuditOptions  # noqa: PLC0415 - in an extra
    from jvscheduler.verification.checker import judge  # noqa: PLC0415 - in an extra
    from jvscheduler.verification.report import VerificationReport, task_report  # noqa: PLC0415 - in an extra

    options = AuditOptions(request.known_until, request.most, request.max_lateness)
    reports = []
    tasks = await _tasks(store, request)
    presences = {namespace: await store.presences(namespace) for namespace, _ in tasks}
    for namespace, task_id in tasks:
        options = replace(options, stop_time=stop_time(presences[namespace], task_id))
        audit = await judge(store, (namespace, task_id), request.start, request.end, options)
        reports.append(task_report(namespace, task_id, audit))
    return VerificationReport(request.start, request.end, request.known_until, reports)


async def _tasks(store: "LoopStore", request: Request) -> Sequence[tuple[str, str]]:
    known = sorted(await store.tasks(request.namespace))
    if not known:
        # A mistyped namespace, or an empty database, must not look like a history without faults.
        raise InvalidSettings(await _nothing_known(store, request.namespace))
    unknown = set(request.tasks) - {task_id for _, task_id in known}
    if unknown:
        where = f" in namespace {request.namespace!r}" if request.namespace else ""
        raise InvalidSettings(
            f"the history has no definition of {', '.join(sorted(unknown))}{where}: "
            "give the ids of tasks that a scheduler of this version has seen"
        )
    return [(ns, task_id) for ns, task_id in known if not request.tasks or task_id in request.tasks]


async def _nothing_known(store: "LoopStore", namespace: str | None) -> str:
    namespaces = sorted({known for known, _ in await store.tasks()})
    if not namespaces:
        return (
            "the history has no definition of any task: see that --database or "
            "JVSCHEDULER_DATABASE_URL names the one that a scheduler of this version uses"
        )
    names = ", ".join(namespaces[:_MAX_NAMES]) + (" …" if len(namespaces) > _MAX_NAMES else "")
    return f"--namespace: the history has no task in {namespace!r}; its namespaces are: {names}"
