"""`jvscheduler dev`: the tasks of some modules on this machine, with the API."""

import argparse

from jvscheduler.cli.arguments import IMPORT_SECONDS
from jvscheduler.errors import InvalidSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "modules", nargs="+", metavar="MODULE", help="import path of a module, such as shop.tasks"
    )
    parser.add_argument(
        "--port", type=_port, default=8080, help="of the API (default: %(default)s; 0: any)"
    )
    parser.add_argument("--host", default="127.0.0.1", help="of the API (default: %(default)s)")
    parser.add_argument(
        "--database",
        metavar="URL",
        help="where the history is: sqlite:///file, postgresql://… or mongodb://… "
        "(default: JVSCHEDULER_DATABASE_URL, else sqlite:///jvscheduler.db)",
    )


def run(args: argparse.Namespace) -> int:
    try:
        from jvscheduler.dev.serve import serve  # noqa: PLC0415 - heavy, and only `dev` needs it
        from jvscheduler.dev.settings import read_settings  # noqa: PLC0415
    except ImportError as error:
        raise InvalidSettings(
            f"`jvscheduler dev` needs {error.name}: pip install 'jvscheduler[runner,server]'"
        ) from error
    settings = read_settings(
        tuple(args.modules),
        host=args.host,
        port=args.port,
        database=args.database,
        import_seconds=IMPORT_SECONDS,
    )
    return serve(settings)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got {text!r}")
    return int(text)
