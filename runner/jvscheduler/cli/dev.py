"""`jvscheduler dev` runs the tasks of some modules on this machine, with the API."""

import argparse

from jvscheduler.cli import output
from jvscheduler.cli.arguments import (
    IMPORT_SECONDS,
    add_database,
    add_project,
    port,
    selection,
    without_extra,
)
from jvscheduler.errors import InvalidSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_project(parser)
    parser.add_argument(
        "--port", type=port, help="port of the API (default: 8080; 0: any free port)"
    )
    parser.add_argument("--host", help="address of the API (default: 127.0.0.1)")
    add_database(parser, otherwise=", else sqlite:///jvscheduler.db")
    parser.add_argument(
        "--no-reload", action="store_true", help="do not reload when the code changes"
    )
    parser.add_argument(
        "--secrets-file",
        metavar="FILE",
        help="values of Secrets and ConfigMaps, in TOML (default: JVSCHEDULER_SECRETS_FILE)",
    )
    parser.add_argument(
        "--once",
        metavar="TASK",
        help="run one job of this task now, without the API; the exit code is 0 if it completed, "
        "else 1 (TASK: its id, or the name of its function)",
    )


def run(args: argparse.Namespace) -> int:
    try:
        from jvscheduler.dev.once import run_once  # noqa: PLC0415 - in an extra
        from jvscheduler.dev.serve import serve  # noqa: PLC0415
        from jvscheduler.dev.settings import read_settings  # noqa: PLC0415
    except ImportError as error:
        raise without_extra("dev", error, "runner", "server") from error
    if args.once is not None and (args.port is not None or args.host or args.no_reload):
        raise InvalidSettings(
            "--host, --port and --no-reload are not for --once, which has no API and ends by itself"
        )
    settings = read_settings(
        selection(args),
        host=args.host or "127.0.0.1",
        port=8080 if args.port is None else args.port,
        database=args.database,
        import_seconds=IMPORT_SECONDS,
        reload=not args.no_reload,
        secrets_file=args.secrets_file,
    )
    if args.once is None:
        return serve(settings)
    return run_once(settings, args.once, output.write_line)
