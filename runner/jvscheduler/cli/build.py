"""`jvscheduler build` writes the manifests of decorated functions: all of them or none."""

import argparse
import contextlib
import math
import os
import re
import tempfile
from pathlib import Path
from typing import Final

from jvscheduler.cli import output
from jvscheduler.cli.arguments import IMPORT_SECONDS
from jvscheduler.discovery import discover
from jvscheduler.errors import InvalidSettings
from jvscheduler.manifests import patterns
from jvscheduler.manifests.backends import BACKENDS
from jvscheduler.manifests.resource import resource, to_yaml

_NAMESPACE: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_IMAGE: Final = re.compile(patterns.IMAGE)
_MAX_IMAGE: Final = 1024
_MAX_SECONDS: Final = 86400.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "modules", nargs="+", metavar="MODULE", help="import path of a module, such as shop.tasks"
    )
    parser.add_argument(
        "--image", required=True, type=_image, help="container image with the modules"
    )
    parser.add_argument(
        "--namespace",
        type=_namespace,
        help="namespace of the tasks (default: the one that kubectl uses)",
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
        "--import-timeout",
        type=_seconds,
        default=IMPORT_SECONDS,
        metavar="SECONDS",
        help="time limit for importing the modules (default: %(default)g)",
    )


def run(args: argparse.Namespace) -> int:
    tasks = discover(args.modules, args.import_timeout)
    text = to_yaml(resource(task, args.image, args.namespace, args.backend) for task in tasks)
    if args.output is None:
        output.write(text)
    else:
        _write(args.output, text)
    return 0


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


def _image(text: str) -> str:
    if _IMAGE.fullmatch(text) is None or len(text) > _MAX_IMAGE:
        raise argparse.ArgumentTypeError(
            "expected an image such as shop:1 or registry.example:5000/team/shop:1, in lower case "
            f"and without http://, got {text!r}"
        )
    return text


def _namespace(text: str) -> str:
    if _NAMESPACE.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(
            "expected at most 63 lower-case letters, digits and '-', "
            f"with a letter or digit at both ends, got {text!r}"
        )
    return text


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
