"""`jvscheduler dashboard` brings the API of a cluster to this machine, with the user's login."""

import argparse

from jvscheduler.cli import output
from jvscheduler.cli.arguments import port, without_extra


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--context", help="context of the kubeconfig (default: the current one)")
    parser.add_argument(
        "-n",
        "--namespace",
        default="jvscheduler",
        help="namespace of the chart's release, which errors name (default: %(default)s)",
    )
    parser.add_argument(
        "--port", type=port, default=0, help="port on the loopback (default: any free one)"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the link only")


def run(args: argparse.Namespace) -> int:
    try:
        from jvscheduler_server.dashboard.serve import Options, serve  # noqa: PLC0415 - in an extra
    except ImportError as error:
        raise without_extra("dashboard", error, "server") from error
    serve(Options(args.context, args.namespace, args.port, not args.no_browser), output.write_line)
    return 0
