"""The command `jvscheduler`.

Each subcommand is a module with `add_arguments(parser)` and `run(args) -> int`.
It is imported only when the user calls it. So `build` is fast, and it works
without the packages that only `dev` needs.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from jvscheduler.cli import output
from jvscheduler.cli.arguments import sentence
from jvscheduler.errors import SchedulerError
from jvscheduler.version import __version__

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_COMMANDS: Final = {
    "build": "print the ScheduledTask manifests of the tasks in some modules",
    "dashboard": "open the API of a cluster in the browser, with the login of the kubeconfig",
    "diff": "show what an apply would change in the cluster",
    "apply": "bring the tasks of the code into the cluster",
    "delete": "take tasks out of the cluster; their history stays",
    "config": "show what the project's file says of the tasks, and where each value comes from",
    "history": "keep the history of jobs small",
    "dev": "run the tasks of some modules on this machine, with the API",
    "next": "show the next due instants of a schedule or a task, and its backend",
    "preview": "show how many jobs the tasks of some modules start in the days ahead",
    "verify": "check that every due instant of the past has its record",
}
_ERROR: Final = 1
_INTERRUPTED: Final = 130
_BROKEN_PIPE: Final = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code: 1 for a SchedulerError, 2 for a wrong command line."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    output.open_closed()
    try:
        # Before a command imports what only Unix has: on Windows this says what to do.
        importlib.import_module("jvscheduler.kernel")
        args = _parser(arguments).parse_args(arguments)
        code: int = args.run(args)
    except SchedulerError as error:
        print(f"jvscheduler: error: {error}", file=sys.stderr)
        return _ERROR
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # the reader has ended, as in `jvscheduler build … | head`
        return _BROKEN_PIPE
    return code


class _Parser(argparse.ArgumentParser):
    """argparse's, which would print help to a full disk without a word."""

    def _print_message(self, message: str, file: "SupportsWrite[str] | None" = None) -> None:
        if file is sys.stdout:
            output.write(message)
        else:
            super()._print_message(message, file)


def _parser(arguments: list[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="jvscheduler", description="Schedules for decorated Python functions, on Kubernetes."
    )
    parser.add_argument("--version", action="version", version=f"jvscheduler {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, summary in _COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=sentence(summary))
        if name in arguments[:1]:
            module = importlib.import_module(f"jvscheduler.cli.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser
