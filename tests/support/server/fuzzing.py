"""Requests that schemathesis makes up from the OpenAPI document, against a server with a history.

It tries what the document allows and what it forbids, in all its phases, and compares each answer
with the document. So it finds a fault of the server, and an answer that the document does not
describe.
"""

import asyncio
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jvscheduler.history.store.database import open_store
from jvscheduler_server.access.same_origin import OWN_HEADER, OWN_VALUE
from tests.cluster.api_server import free_ports
from tests.support.history.outcomes import completed, failed, of_job
from tests.support.server import serve_history
from tests.support.server.application import application

JOBS = 30


@dataclass(frozen=True)
class Fuzzed:
    exit_code: int
    requests: int
    output: str


def fuzz(url: str, folder: Path, examples: int, seed: int) -> Fuzzed:
    """Make up `examples` requests for each endpoint, besides those at the limits of each value."""
    asyncio.run(_fill(url))
    (port,) = free_ports(1)
    with application(serve_history.__file__, url, str(port), folder=folder, port=port):
        command = [
            *(str(Path(sys.executable).with_name("schemathesis")), "run", "--no-color"),
            *("--checks", "all", "--phases", "examples,coverage,fuzzing,stateful"),
            # The server knows nobody, and so refuses methods that any page could send.
            *("--header", f"{OWN_HEADER}: {OWN_VALUE}"),
            *("--max-examples", str(examples), "--seed", str(seed), "--continue-on-failure"),
            f"http://127.0.0.1:{port}/openapi.json",
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    count = re.search(r"(\d+) generated", done.stdout)
    return Fuzzed(done.returncode, int(count[1]) if count else 0, done.stdout + done.stderr)


async def _fill(url: str) -> None:
    store = open_store(url)
    await store.open()
    for number in range(JOBS):
        end = completed if number % 3 else failed
        start = datetime.now(UTC) - timedelta(minutes=number)
        ended = replace(end(of_job(number)), start_time=start)
        await store.record(replace(ended, completion_time=start + timedelta(seconds=1)))
    await store.close()
