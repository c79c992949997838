"""The long form: `python -m tests.faults --seed 7 --minutes 10 [--tasks 100] [--fault NAME…]`."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.cluster.api_server import run_api_server
from tests.cluster.binaries import API_SERVER_PROGRAMS, build_programs, find_binaries
from tests.cluster.settings import read_settings
from tests.faults.arguments import a_parser
from tests.faults.course import run
from tests.faults.mix import tasks
from tests.faults.planning import Fault, plan
from tests.faults.world import a_world
from tests.support.operator.custom_resource import install_crd


def main() -> int:
    args = _arguments()
    injections = list(plan(args.seed, 60 * args.minutes, args.fault, brief=args.brief))
    binaries = find_binaries(read_settings())
    build_programs(binaries, API_SERVER_PROGRAMS)
    folder = args.folder or Path(tempfile.mkdtemp(prefix="jvscheduler-")) / "faults"
    with run_api_server(binaries) as server:
        install_crd(server)
        with a_world(folder, server, "faults") as world:
            world.serve(dict(tasks(args.tasks)))
            judgement = run(world, injections)
    print(judgement.text())
    print(f"{len(injections)} faults; the logs are in {folder}")
    return 0 if judgement.is_good else 1


def _arguments() -> argparse.Namespace:
    parser = a_parser("tests.faults", __doc__, Fault)
    parser.add_argument(
        "--minutes", type=float, default=10.0, help="of faults; each comes once at least"
    )
    parser.add_argument("--brief", action="store_true", help="each as short as it may be")
    parser.add_argument("--tasks", type=int, default=50, help="how many (default: %(default)s)")
    parser.add_argument("--folder", type=Path, help="for logs, new (default: a temporary one)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
