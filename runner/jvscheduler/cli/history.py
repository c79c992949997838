"""`jvscheduler history prune`: deletes old jobs, in small steps, at any time again."""

import argparse
import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from jvscheduler.errors import InvalidSettings

_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE: Final = re.compile(r"([1-9][0-9]{0,5})([mhdw])", re.ASCII)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    summary = "delete ended jobs that are old, but keep the last ones of each task"
    prune = actions.add_parser("prune", help=summary, description=f"{summary.capitalize()}.")
    prune.add_argument(
        "--older-than", type=_age, required=True, metavar="AGE", help="such as 30d, 12h, 8w or 90m"
    )
    prune.add_argument(
        "--keep-last",
        type=_number,
        default=20,
        metavar="N",
        help="of each task, however old (default: %(default)s)",
    )
    prune.add_argument(
        "--database",
        metavar="URL",
        help="sqlite:///file or postgresql://… (default: JVSCHEDULER_DATABASE_URL)",
    )


def run(args: argparse.Namespace) -> int:
    try:
        from jvscheduler.history.settings import read_database_url  # noqa: PLC0415 - heavy

        url = read_database_url(args.database)
        before = datetime.now(UTC) - args.older_than
        print(asyncio.run(_prune(url, before, args.keep_last)))
    except ImportError as error:
        raise InvalidSettings(
            f"`jvscheduler history` needs {error.name}: pip install 'jvscheduler[runner]'"
        ) from error
    except OverflowError as error:
        raise InvalidSettings("--older-than reaches back beyond the year 1") from error
    return 0


async def _prune(url: str, before: datetime, keep_last: int) -> str:
    from jvscheduler.history.binding import bind  # noqa: PLC0415 - it loads jvspatial
    from jvscheduler.history.retention import prune  # noqa: PLC0415 - it loads jvspatial

    bound = bind(url)
    try:
        done = await prune(before, keep_last)
    finally:
        await bound.close()
    since = before.isoformat(timespec="seconds")
    return f"deleted {done.deleted} jobs of {done.tasks} tasks from before {since}"


def _age(text: str) -> timedelta:
    found = _AGE.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"expected a number and m, h, d or w (minutes, hours, days, weeks), got {text!r}"
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"expected a number of jobs, 0 or more, got {text!r}")
    return int(text)
