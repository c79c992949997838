"""`jvscheduler history prune` deletes old jobs, in small steps. It may run at any time."""

import argparse
import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from jvscheduler.cli import output
from jvscheduler.cli.arguments import add_database, sentence, without_extra
from jvscheduler.errors import InvalidSettings
from jvscheduler.history.maintenance.retention import (
    DEFAULT_KEPT,
    Retention,
    parse_age,
    parse_number,
)

T = TypeVar("T")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    summary = "delete old jobs that have ended, but keep the last ones of each task"
    prune = actions.add_parser("prune", help=summary, description=sentence(summary))
    prune.add_argument(
        "--older-than",
        type=partial(_read, parse_age),
        required=True,
        metavar="AGE",
        help="delete jobs that are older: 30d, 12h, 8w or 90m",
    )
    prune.add_argument(
        "--keep-last",
        type=partial(_read, parse_number),
        default=DEFAULT_KEPT,
        metavar="N",
        help="keep so many jobs of each task, even old ones (default: %(default)s)",
    )
    add_database(prune)


def run(args: argparse.Namespace) -> int:
    try:
        from jvscheduler.history.settings import read_database_url  # noqa: PLC0415 - in an extra

        url = read_database_url(args.database)
        before = Retention(args.older_than, args.keep_last).before(datetime.now(UTC))
        output.write_line(asyncio.run(_prune(url, before, args.keep_last)))
    except ImportError as error:
        raise without_extra("history", error, "runner") from error
    return 0


async def _prune(url: str, before: datetime, keep_last: int) -> str:
    from jvscheduler.history.entities.binding import bind  # noqa: PLC0415 - in an extra
    from jvscheduler.history.maintenance.deletion import prune  # noqa: PLC0415 - in an extra

    bound = bind(url)
    try:
        done = await prune(before, keep_last)
    finally:
        await bound.close()
    since = before.isoformat(timespec="seconds")
    return f"deleted {done.deleted} jobs of {done.tasks} tasks from before {since}"


def _read(parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except InvalidSettings as error:
        raise argparse.ArgumentTypeError(str(error)) from error
