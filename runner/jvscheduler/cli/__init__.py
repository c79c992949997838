"""The command `jvscheduler`.

Each subcommand is a module with `add_arguments(parser)` and `run(args) -> int`,
imported only when it is asked for: `build` must not wait for the imports of
`dev`, nor need what only `dev` needs.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final

from jvscheduler.errors import SchedulerError
from jvscheduler.version import __version__

_COMMANDS: Final = {
    "build": "print the Kubernetes manifests of the tasks in some modules",
    "history": "keep the history of jobs small",
    "dev": "run the tasks of some modules here, with the API, in one process",
    "next": "show when a schedule or a task is due next, and what will carry it",
    "preview": "show what the tasks of some modules do together in the days ahead",
    "verify": "match every due instant of the past with its record",
}
_FAILED: Final = 1
_INTERRUPTED: Final = 130
_BROKEN_PIPE: Final = 141


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 1 for an error of ours, 2 for a wrong command line."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        args = _parser(words).parse_args(words)
        code: int = args.run(args)
    except SchedulerError as error:
        print(f"jvscheduler: error: {error}", file=sys.stderr)
        return _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return code


def _parser(words: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jvscheduler", description="Schedules for decorated Python functions, on Kubernetes."
    )
    parser.add_argument("--version", action="version", version=f"jvscheduler {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, summary in _COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary.capitalize()}.")
        if name in words[:1]:
            module = importlib.import_module(f"jvscheduler.cli.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser
