"""`jvscheduler apply` brings the tasks of the code into a cluster."""

import argparse
import time
from collections.abc import Sequence
from typing import Final

from jvscheduler.cli import delivering, output
from jvscheduler.cli.arguments import whole_number
from jvscheduler.delivery.waiting import verdict
from jvscheduler.errors import SchedulerError

_PAUSE: Final = 0.5


class NotReady(SchedulerError):
    """Some tasks are not ready, and why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    delivering.add_arguments(parser)
    parser.add_argument(
        "--prune",
        action="store_true",
        help="delete the tasks that the code no longer has; their history stays",
    )
    parser.add_argument(
        "--wait", action="store_true", help="wait until the operator serves every task"
    )
    parser.add_argument(
        "--timeout",
        type=whole_number(1, 3600),
        default=120,
        metavar="SECONDS",
        help="of --wait: how long at most (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Applies all tasks before it deletes any: one that moves to another name is never missing."""
    delivery = delivering.prepare("apply", args)
    output.write_line("\n".join(delivering.lines(delivery.plan)))
    applied = [delivery.cluster.apply(manifest) for manifest in delivery.manifests]
    gone = delivery.plan.of("remove")
    if args.prune:
        for step in gone:
            delivery.cluster.delete(step.name)
    elif gone:
        output.write_line("what is to be removed is still there: give --prune")
    if args.wait:
        names = [task["metadata"]["name"] for task in applied]
        _wait(delivery, names, time.monotonic() + args.timeout)
    return 0


def _wait(delivery: delivering.Delivery, names: Sequence[str], deadline: float) -> None:
    """Raises NotReady for a task that cannot be served, and at the deadline."""
    waiting = list(names)
    while waiting:
        verdicts = {name: verdict(delivery.cluster.read(name)) for name in waiting}
        refused = [f"{n}: {v.message}" for n, v in verdicts.items() if v.state == "refused"]
        if refused:
            raise NotReady("; ".join(refused))
        waiting = [name for name, found in verdicts.items() if found.state == "waiting"]
        if waiting and time.monotonic() > deadline:
            raise NotReady("; ".join(f"{name}: {verdicts[name].message}" for name in waiting))
        if waiting:
            time.sleep(_PAUSE)
