"""`python -m jvscheduler_server.credentials`."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from jvscheduler.errors import InvalidSettings, SchedulerError
from jvscheduler.logs.settings import read_log_settings
from jvscheduler.logs.setup import log_end, log_lines
from jvscheduler_server.credentials.decide import Data, Installation, decide
from jvscheduler_server.credentials.secrets import Secrets
from jvscheduler_server.kubernetes.connection import connect

_log: Final = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    installation = Installation(
        options.name, options.namespace, options.database, options.sign_database, options.sign_api
    )
    labels = {
        "app.kubernetes.io/name": "jvscheduler",
        "app.kubernetes.io/instance": options.instance,
        "app.kubernetes.io/component": "credentials",
        "app.kubernetes.io/part-of": "jvscheduler",
    }
    try:
        log_lines(read_log_settings())
        lines = asyncio.run(_run(installation, labels, options.kubeconfig))
    except InvalidSettings as error:
        log_end(error)
        return os.EX_CONFIG
    except SchedulerError as error:
        _log.error("the Secrets cannot be made: %s", error)
        return 1
    for line in lines:
        _log.info("%s", line)
    return 0


async def _run(
    installation: Installation, labels: Mapping[str, str], kubeconfig: str | None
) -> Sequence[str]:
    api = await connect(kubeconfig)
    try:
        secrets = Secrets(api, installation.namespace, labels)
        found = {name: await secrets.read(name) for name in installation.secrets}
        wanted = decide(installation, found, datetime.now(UTC))
        # If the process ends between two writes, the next run goes on where it stopped.
        for name, data in wanted.items():
            if data != found[name]:
                await secrets.write(name, data)
        return [_said(name, found[name], data) for name, data in wanted.items()]
    finally:
        await api.close()


def _said(name: str, found: Data, wanted: Data) -> str:
    changed = sorted(key for key, value in wanted.items() if found.get(key) != value)
    if not changed:
        return f"the Secret {name} is as it was"
    return f"the Secret {name} {'has new' if found else 'is made, with'} {', '.join(changed)}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m jvscheduler_server.credentials",
        description="Make the passwords and certificates of an installation that it lacks.",
    )
    parser.add_argument("--name", required=True, help="the first part of its objects' names")
    parser.add_argument("--namespace", required=True, help="the release's namespace")
    parser.add_argument("--instance", required=True, help="the release, for the Secrets' labels")
    parser.add_argument(
        "--database", action="store_true", help="the bundled database's passwords and addresses"
    )
    parser.add_argument(
        "--sign-database", action="store_true", help="the bundled database's certificate"
    )
    parser.add_argument(
        "--sign-api", action="store_true", help="the certificate for the API server's calls"
    )
    parser.add_argument("--kubeconfig", metavar="FILE", help="default: the cluster this runs in")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
