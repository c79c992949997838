"""Queries over 200,000 jobs, against the same indexed SQL through the same driver.

The baseline's table has columns and indexes of its own, as one would make it
without jvspatial, and gives the same JSON back; so the ratio holds the cost of
the format too. It has one connection all the time, where ours is of a pool.
"""

import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiosqlite
import asyncpg
from jvspatial.core.context import GraphContext, set_default_context

from benchmarks.report import Ratio
from jvscheduler.history import ScheduledJob
from jvscheduler.history.databases import database
from jvscheduler.history.jobs import to_record
from jvscheduler.history.jvspatial_store import JvspatialHistory
from jvscheduler.history.times import to_text
from jvscheduler.history.urls import parse_url
from jvscheduler.outcomes import Status
from tests.cluster.postgres import run_postgres

JOBS = 200_000
BATCH = 10_000
ROUNDS = 31
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
STATUSES = ("completed", "failed", "timeout", "skipped")
WEIGHTS = (90, 6, 2, 2)
RECENT = "SELECT data FROM plain WHERE started >= {} ORDER BY started DESC LIMIT 50"
COUNT = "SELECT COUNT(*) FROM plain WHERE status = {}"
COUNTS = "SELECT status, COUNT(*) FROM plain GROUP BY status"
INSERT = "INSERT INTO plain (id, status, started, data) VALUES ({})"
SCHEMA = """
CREATE TABLE plain (id TEXT PRIMARY KEY, status TEXT, started TEXT, data {});
CREATE INDEX plain_status ON plain (status);
CREATE INDEX plain_started ON plain (started DESC);
"""

Call = Callable[[], Awaitable[Any]]
Fetch = Callable[..., Awaitable[list[Any]]]


def measure() -> Iterator[Ratio]:
    with tempfile.TemporaryDirectory(prefix="jvscheduler-") as folder:
        yield from asyncio.run(_sqlite(f"sqlite:///{folder}/history.db"))
    with run_postgres() as server, server.database() as url:
        yield from asyncio.run(_postgres(url))


async def _sqlite(url: str) -> list[Ratio]:
    opened = database(parse_url(url), connections=1, timeout=60)
    plain = await aiosqlite.connect(parse_url(url).path)
    await plain.executescript(SCHEMA.format("TEXT"))
    async for rows in _filled(opened):
        await plain.executemany(INSERT.format("?, ?, ?, ?"), rows)
        await plain.commit()

    async def fetch(sql: str, *values: Any) -> list[Any]:
        cursor = await plain.execute(sql.format("?, ?, ?, ?" if len(values) > 1 else "?"), values)
        found = list(await cursor.fetchall())
        if plain.in_transaction:
            await plain.commit()
        return found

    await (await opened._get_connection()).execute("ANALYZE")  # type: ignore[union-attr]  # noqa: SLF001
    ratios = await _compare("SQLite", opened, fetch)
    await plain.close()
    await opened.close()
    return ratios


async def _postgres(url: str) -> list[Ratio]:
    opened = database(parse_url(url), connections=2, timeout=60)
    plain = await asyncpg.connect(url)
    await plain.execute(SCHEMA.format("JSONB"))
    async for rows in _filled(opened):
        columns = ["id", "status", "started", "data"]
        await plain.copy_records_to_table("plain", records=rows, columns=columns)
    await plain.execute("VACUUM ANALYZE")

    async def fetch(sql: str, *values: Any) -> list[Any]:
        marks = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        return list(await plain.fetch(sql.format(marks), *values))

    ratios = await _compare("PostgreSQL", opened, fetch)
    await plain.close()
    await opened.close()
    return ratios


async def _filled(opened: Any) -> AsyncIterator[list[tuple[Any, ...]]]:
    """Stores the jobs as jvspatial does, and gives them in batches for the baseline."""
    set_default_context(GraphContext(opened))
    chance = random.Random(4)  # noqa: S311 - the same jobs each time
    for first in range(0, JOBS, BATCH):
        records = [to_record(_job(n, chance)) for n in range(first, first + BATCH)]
        await opened.bulk_save("object", records)
        yield [_plain(record) for record in records]
    await ScheduledJob.count({"_id": "none"})


def _job(number: int, chance: random.Random) -> ScheduledJob:
    return ScheduledJob(
        id=f"o.ScheduledJob.{number:08}",
        job_name=f"shop.tasks.task_{number % 100}",
        namespace="shop",
        status=Status(chance.choices(STATUSES, WEIGHTS)[0]),
        execution_time=NOW - timedelta(seconds=15 * (JOBS - number)),
        duration_seconds=chance.random() * 60,
        kubernetes_job=f"task-{number}",
    )


def _plain(record: dict[str, Any]) -> tuple[Any, ...]:
    context = record["context"]
    return record["id"], context["status"], context["execution_time"], json.dumps(record)


async def _compare(name: str, opened: Any, fetch: Fetch) -> list[Ratio]:
    return [
        await _recent(name, fetch),
        *await _counts(name, opened, fetch),
        await _create(name, fetch),
    ]


async def _recent(name: str, fetch: Fetch) -> Ratio:
    since = NOW - timedelta(days=7)

    async def ours() -> None:
        query = {"context.execution_time": {"$gte": since}}
        found = await ScheduledJob.find(query, sort={"context.execution_time": -1}, limit=50)
        assert len(found) == 50

    async def plain() -> None:
        rows = await fetch(RECENT, to_text(since))
        assert len([ScheduledJob(**json.loads(row[0])["context"]) for row in rows]) == 50

    return await _ratio(f"recent 50 of {JOBS:,} on {name}", ours, plain, 1.2)


async def _counts(name: str, opened: Any, fetch: Fetch) -> list[Ratio]:
    store = JvspatialHistory(opened, name)

    async def each() -> None:
        assert sum((await store.counts()).values()) >= JOBS

    async def plain_each() -> None:
        assert sum(number for _, number in await fetch(COUNTS)) >= JOBS

    async def one() -> None:
        assert await ScheduledJob.count({"context.status": "failed"}) > JOBS / 20

    async def plain_one() -> None:
        assert (await fetch(COUNT, "failed"))[0][0] > JOBS / 20

    return [
        await _ratio(f"count each status of {JOBS:,} on {name}", each, plain_each, 1.2),
        await _ratio(f"count one status of {JOBS:,} on {name}", one, plain_one, 1.2),
    ]


async def _create(name: str, fetch: Fetch) -> Ratio:
    chance = random.Random(5)  # noqa: S311 - the same jobs each time
    new = iter([to_record(_job(JOBS + number, chance)) for number in range(2 * ROUNDS)])

    async def ours() -> None:
        record = next(new)
        await ScheduledJob.create(id=record["id"], **record["context"])

    async def plain() -> None:
        await fetch(INSERT, *_plain(next(new)))

    return await _ratio(f"create on {name}", ours, plain, 1.5)


async def _ratio(what: str, subject: Call, baseline: Call, goal: float) -> Ratio:
    pairs = [(await _seconds(subject), await _seconds(baseline)) for _ in range(ROUNDS)]
    ours, plain = (statistics.median(values) for values in zip(*pairs, strict=True))
    return Ratio(what, ours, "indexed SQL through the driver", plain, goal=goal)


async def _seconds(call: Call) -> float:
    start = time.perf_counter()
    await call()
    return time.perf_counter() - start
