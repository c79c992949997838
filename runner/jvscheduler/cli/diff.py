"""`jvscheduler diff` shows what `apply` would change in the cluster."""

import argparse
import json
import sys
from typing import Final

from jvscheduler.cli import delivering, output
from jvscheduler.cli.arguments import add_output
from jvscheduler.errors import SchedulerError

_DIFFERENT: Final = 1
_ERROR: Final = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    delivering.add_arguments(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Returns the exit code, as of diff and `kubectl diff`: 1 when there are differences."""
    try:
        plan = delivering.prepare("diff", args).plan
    except SchedulerError as error:
        print(f"jvscheduler: error: {error}", file=sys.stderr)
        return _ERROR
    if args.output == "json":
        output.write_line(json.dumps(delivering.as_json(plan), indent=2, ensure_ascii=False))
    else:
        output.write_line("\n".join(delivering.lines(plan)))
    return 0 if plan.is_empty else _DIFFERENT
