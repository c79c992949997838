"""Options and values that several commands have, and their errors."""

import argparse
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from jvscheduler import environment
from jvscheduler.configuration.project import Project, Selection
from jvscheduler.configuration.values import check_image
from jvscheduler.errors import InvalidSettings
from jvscheduler.zones import zone

IMPORT_SECONDS: Final = 60.0
"""Time limit for importing the user's modules, unless an option sets another."""
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE: Final = re.compile(r"([0-9]{1,6})([smhdw])", re.ASCII)
_FIRST_YEAR: Final = 1970
"""Due instants count from the Unix epoch."""
_LAST_YEAR: Final = 9000
"""Some days before `datetime.max`, so that adding a time zone or a week cannot overflow."""


def sentence(summary: str) -> str:
    """The summary as a sentence. Only its first letter changes: a name keeps its capitals."""
    return f"{summary[:1].upper()}{summary[1:]}."


def without_extra(command: str, error: ImportError, *extras: str) -> InvalidSettings:
    """The error of a command whose packages are in extras that are not installed."""
    # No package index has jvscheduler yet: `pip install jvscheduler[…]` would find nothing.
    return InvalidSettings(
        f"`jvscheduler {command}` needs {error.name}: install jvscheduler with its extras, "
        f"such as pip install '/path/to/the/clone[{','.join(extras)}]'"
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", choices=("text", "json"), default="text", help="(default: %(default)s)"
    )


def add_project(parser: argparse.ArgumentParser) -> None:
    """The modules of tasks, and where the project's file is."""
    parser.add_argument(
        "modules",
        nargs="*",
        metavar="MODULE",
        help="import path of a module, such as shop.tasks (default: those of the project's file)",
    )
    add_configuration(parser)


def add_configuration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--env", metavar="NAME", help="environment of the project's file, such as prod"
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the project's file (default: jvscheduler.toml, or pyproject.toml with "
        "[tool.jvscheduler], of the working folder)",
    )


def add_image(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--image",
        type=argument(check_image),
        help="container image with the modules (default: that of the project's file)",
    )


def image_of(args: argparse.Namespace, project: Project) -> str:
    """Raises InvalidSettings when neither the command line nor the file names one."""
    image: str | None = args.image or project.said("image")
    if image is None:
        raise InvalidSettings(
            "name the container image with the modules: --image, or 'image' of the project's file"
        )
    return image


def selection(args: argparse.Namespace) -> Selection:
    return Selection(tuple(args.modules), args.env, args.config)


def add_database(parser: argparse.ArgumentParser, otherwise: str = "") -> None:
    """`otherwise` says what the default is when the environment names no database either."""
    # `build` and `next` need no history, and do not wait until this module is loaded.
    from jvscheduler.history.urls import url_forms  # noqa: PLC0415

    parser.add_argument(
        "--database",
        metavar="URL",
        help=f"address of the history: {url_forms()} "
        f"(default: {environment.DATABASE_URL}{otherwise})",
    )


def argument(check: Callable[[str], str]) -> Callable[[str], str]:
    """A check that raises ValueError, as argparse takes it: with its words."""

    def read(text: str) -> str:
        try:
            return check(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read


def whole_number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text[:9]) <= high):
            raise argparse.ArgumentTypeError(
                f"expected a whole number from {low} to {high}, got {text!r}"
            )
        return int(text)

    return read


def port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9]) < 2**16):
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got {text!r}")
    return int(text)


def age(text: str) -> timedelta | None:
    """The timedelta of a text such as `30d`, `12h`, `8w`, `90m` or `45s`; None for others."""
    match = _AGE.fullmatch(text)
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None


def duration(text: str) -> timedelta:
    value = age(text)
    if value is None:
        raise argparse.ArgumentTypeError(
            f"expected a number and s, m, h, d or w (seconds to weeks), got {text!r}"
        )
    return value


def instant(option: str, text: str, time_zone: str) -> datetime:
    """An aware time. A text without an offset is a wall-clock time of the zone.

    Raises InvalidSettings.
    """
    try:
        value: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise InvalidSettings(
            f"{option} must be a time such as 2026-03-29T02:00 or 2026-03-29T02:00+01:00, "
            f"from {_FIRST_YEAR} to {_LAST_YEAR}, got {text!r}"
        )
    return value if value.tzinfo else value.replace(tzinfo=zone(time_zone))
