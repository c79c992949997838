"""The memory of a server is bounded, whatever the records are and however many clients ask."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest

from jvscheduler.history.store.database import open_store
from jvscheduler.outcomes import MAX_ERROR_BYTES, MAX_TRACEBACK_BYTES, Outcome
from jvscheduler_server.api.pages import MAX_BYTES
from tests.cluster.api_server import free_ports
from tests.support.history.databases import SERVED_DATABASES, url_of
from tests.support.history.outcomes import failed, of_job
from tests.support.server import serve_history
from tests.support.server.application import Application, application
from tests.support.server.memory import peak

RECORDS = 1000
CLIENTS = 50
ROUNDS = 4
ALLOWED = 1.5
"""Of the memory of a server that has answered one small request."""

RECENT = "/api/scheduler/jobs/recent"


@pytest.fixture(params=SERVED_DATABASES)
def served_url(request: pytest.FixtureRequest) -> str:
    return url_of(request)


def test_many_clients_and_large_records_take_no_more_memory_than_idling_and_half(
    served_url: str, tmp_path: Path
) -> None:
    asyncio.run(_fill(served_url))
    (port,) = free_ports(1)
    command = (serve_history.__file__, served_url, str(port))
    with application(*command, folder=tmp_path, port=port) as server:
        server.get(RECENT, limit=1)
        idle = psutil.Process(server.process.pid).memory_info().rss
        statuses, largest = asyncio.run(_ask(server))
        most = peak(server.process.pid)
    print(f"idle {idle >> 20} MiB, peak {most >> 20} MiB, {most / idle:.2f} x, {statuses}")
    assert set(statuses) == {200, 429}
    assert largest <= MAX_BYTES
    assert most <= ALLOWED * idle


async def _fill(url: str) -> None:
    store = open_store(url)
    await store.open()
    now = datetime.now(UTC)
    outcomes = [_largest(number, now - timedelta(seconds=number)) for number in range(RECORDS)]
    for start in range(0, RECORDS, 50):
        await store.record_all(outcomes[start : start + 50])
    await store.close()


def _largest(number: int, start: datetime) -> Outcome:
    """A job whose record has the largest texts that a writer accepts: 68 KiB."""
    outcome = failed(
        of_job(number),
        error_message="e" * MAX_ERROR_BYTES,
        traceback="t" * MAX_TRACEBACK_BYTES,
        result="r" * (16 * 1024 - 2),
        log_tail="l" * (16 * 1024),
    )
    return replace(outcome, start_time=start, completion_time=start + timedelta(seconds=1))


async def _ask(server: Application) -> tuple[Counter[int], int]:
    statuses: Counter[int] = Counter()
    largest = 0

    async def client(number: int) -> None:
        nonlocal largest
        base = f"http://127.0.0.1:{server.port}"
        async with httpx.AsyncClient(base_url=base, timeout=60) as session:
            for asked in range(ROUNDS):
                status = "" if (number + asked) % 2 else "&status=failed"
                answer = await session.get(f"{RECENT}?limit=1000{status}")
                statuses[answer.status_code] += 1
                largest = max(largest, len(answer.content))

    await asyncio.gather(*map(client, range(CLIENTS)))
    return statuses, largest
