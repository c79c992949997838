"""`jvscheduler build` writes the manifests of decorated functions: all of them or none."""

import argparse
import contextlib
import json
import math
import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from jvscheduler.cli import output
from jvscheduler.cli.arguments import (
    IMPORT_SECONDS,
    add_image,
    add_project,
    argument,
    image_of,
    selection,
    whole_number,
)
from jvscheduler.cli.findings import Finding, Kind, findings
from jvscheduler.configuration.opening import open_project
from jvscheduler.configuration.values import check_name
from jvscheduler.discovery import discover
from jvscheduler.errors import InvalidSettings
from jvscheduler.manifests.backends import BACKENDS
from jvscheduler.manifests.resource import resource, to_yaml

_MAX_SECONDS: Final = 86400.0
_MOST_AT_ONCE: Final = 10
_FOUND: Final = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_project(parser)
    add_image(parser)
    parser.add_argument(
        "--namespace",
        type=argument(check_name),
        help="namespace of the tasks (default: that of the project's file, or the one that "
        "kubectl uses)",
    )
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        help="what carries the tasks whose decorator does not say it (default: a CronJob if cron "
        "can express the schedule exactly, otherwise a loop)",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write to this file, not to stdout"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing, and show what will probably not do what was meant: exit with 1 then",
    )
    parser.add_argument(
        "--ignore",
        action="append",
        choices=list(Kind),
        default=[],
        metavar="KIND",
        help="of --check: leave out this kind of finding; may be given several times",
    )
    parser.add_argument(
        "--max-simultaneous",
        type=whole_number(1, 10**6),
        metavar="N",
        help=f"of --check: how many jobs may start in one minute (default: {_MOST_AT_ONCE})",
    )
    parser.add_argument(
        "-o", dest="form", choices=("text", "json"), help="of --check: the form of its output"
    )
    parser.add_argument(
        "--import-timeout",
        type=_seconds,
        default=IMPORT_SECONDS,
        metavar="SECONDS",
        help="time limit for importing the modules (default: %(default)g)",
    )


def run(args: argparse.Namespace) -> int:
    _check_options(args)
    project = open_project(selection(args))
    image = image_of(args, project)
    tasks = project.configured(discover(project.modules, args.import_timeout))
    if args.check:
        most = args.max_simultaneous or _MOST_AT_ONCE
        found = [
            finding
            for finding in findings(tasks, image, datetime.now(UTC), most)
            if finding.kind not in args.ignore
        ]
        output.write(_json(found) if args.form == "json" else "".join(map(_line, found)))
        return _FOUND if found else 0
    namespace = args.namespace or project.said("namespace")
    application = project.said("application")
    text = to_yaml(resource(task, image, namespace, args.backend, application) for task in tasks)
    if args.output is None:
        output.write(text)
    else:
        _write(args.output, text)
    return 0


def _check_options(args: argparse.Namespace) -> None:
    if args.check and args.output is not None:
        raise InvalidSettings("--output is for what `build` writes, and --check writes nothing")
    of_check = {
        "--ignore": args.ignore,
        "--max-simultaneous": args.max_simultaneous,
        "-o": args.form,
    }
    if not args.check and (given := [name for name, value in of_check.items() if value]):
        raise InvalidSettings(f"{', '.join(given)} is for --check: give both, or none of them")


def _line(finding: Finding) -> str:
    return f"{finding.task_id or 'all tasks'}: {finding.kind}: {finding.message}\n"


def _json(found: Sequence[Finding]) -> str:
    rows = [{"kind": each.kind, "task": each.task_id, "message": each.message} for each in found]
    return json.dumps({"findings": rows}, indent=2, ensure_ascii=False) + "\n"


def _write(path: Path, text: str) -> None:
    """Write the whole file or leave it as it was."""
    try:
        # /dev/stdout or a named pipe cannot be replaced by a file.
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
            return
        _replace(path.resolve(), text)
    except OSError as error:
        raise InvalidSettings(f"--output {path}: {error.strerror or error}") from error


def _replace(path: Path, text: str) -> None:
    with tempfile.TemporaryDirectory(prefix=".jvscheduler-", dir=path.parent) as folder:
        # If the process is killed here, the old file is still there, and `kubectl apply` never
        # reads half of the tasks.
        draft = Path(folder) / path.name
        draft.write_text(text, encoding="utf-8")
        with contextlib.suppress(FileNotFoundError):
            draft.chmod(path.stat().st_mode & 0o777)
        os.replace(draft, path)  # noqa: PTH105 - as Path.replace, by the name for an atomic replacement


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= _MAX_SECONDS:
        raise argparse.ArgumentTypeError(
            f"expected seconds above 0, at most {_MAX_SECONDS:g}, got {text!r}"
        )
    return seconds
