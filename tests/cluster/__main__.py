"""The test clusters from a shell: `python -m tests.cluster up|down|status|build|images`."""

import argparse
import sys

from tests.cluster.binaries import ALL_PROGRAMS, build_programs, find_binaries
from tests.cluster.cache import locked
from tests.cluster.errors import ClusterError
from tests.cluster.images import build_and_load
from tests.cluster.kind import bring_up, find_kind, take_down
from tests.cluster.mongo_server import find_mongo
from tests.cluster.node_image import find_node_image
from tests.cluster.settings import Settings, read_settings


def up(settings: Settings) -> None:
    with locked(settings.lock):
        cluster = bring_up(settings)
        build_and_load(settings, cluster)
    print(cluster.exports())


def down(settings: Settings) -> None:
    with locked(settings.lock):
        take_down(settings)


def status(settings: Settings) -> None:
    cluster = find_kind(settings, find_binaries(settings))
    print(cluster.exports() if cluster else "no kind cluster is running")


def build(settings: Settings) -> None:
    binaries = find_binaries(settings)
    build_programs(binaries, ALL_PROGRAMS)
    print(find_mongo(settings))
    print(find_node_image(settings, binaries))


def images(settings: Settings) -> None:
    with locked(settings.lock):
        cluster = find_kind(settings, find_binaries(settings))
        if not cluster:
            raise ClusterError("no kind cluster is running: start one with `make cluster`")
        for name in build_and_load(settings, cluster).names().values():
            print(name)


COMMANDS = {
    "up": (up, "start the kind cluster unless it runs, load the images, print how to reach it"),
    "down": (down, "remove the kind cluster and whatever a crashed run left"),
    "status": (status, "say whether it runs"),
    "images": (images, "build what changed of the images, load it into the running cluster"),
    "build": (build, "compile the programs, fetch the jars, make the node image, into the cache"),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (action, text) in COMMANDS.items():
        commands.add_parser(name, help=text).set_defaults(action=action)
    chosen = parser.parse_args()
    settings = read_settings()
    try:
        chosen.action(settings)
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
