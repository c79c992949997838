"""The long form: `python -m tests.faults.cluster --seed 3 --minutes 30 [--fault NAME…]`.

It installs the chart into a kind cluster, its own unless one runs, and needs what `make e2e` needs.
"""

import argparse
import sys

from tests.cluster.cache import locked
from tests.cluster.images import build_and_load
from tests.cluster.settings import read_settings
from tests.cluster.sharing import a_kind_cluster
from tests.e2e.conftest import install
from tests.faults.arguments import a_parser
from tests.faults.cluster.course import run
from tests.faults.cluster.mix import tasks
from tests.faults.cluster.planning import Fault, plan
from tests.faults.cluster.world import a_world


def main() -> int:
    args = _arguments()
    injections = list(plan(args.seed, 60 * args.minutes, args.fault))
    settings = read_settings()
    with a_kind_cluster(settings) as cluster:
        with locked(settings.lock):
            images = build_and_load(settings, cluster)
        with a_world(install(cluster), images.faulty, tasks(args.times)) as world:
            judgement = run(world, injections)
    print(judgement.text())
    print(f"{len(injections)} faults")
    return 0 if judgement.is_good else 1


def _arguments() -> argparse.Namespace:
    parser = a_parser("tests.faults.cluster", __doc__, Fault)
    parser.add_argument(
        "--minutes",
        type=float,
        default=30.0,
        help="of faults, without the time to recover; each comes once at least "
        "(default: %(default)g)",
    )
    parser.add_argument(
        "--times", type=int, default=1, help="how many tasks of each kind (default: %(default)s)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
