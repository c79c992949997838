"""The time of queries over 200,000 jobs, against the bare driver on one open connection.

There are two baselines. The first is the same statement on the same table with
the same indexes, so that the ratio is what we add to the driver. It has a goal.
The statement is recorded from our own call. Its rows are made into the same
entities; a second ratio, without that, shows what the entities cost.

The second baseline is a table with columns and two indexes, such as a project
without jvspatial would create. It returns the same JSON. Its ratio shows what
the format of jvspatial costs.
"""

import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import aiosqlite
import asyncpg
from jvspatial.core.context import GraphContext, set_default_context

from benchmarks.report import Ratio
from jvscheduler.history import ScheduledJob
from jvscheduler.history.backends.registry import open_database
from jvscheduler.history.records.jobs import from_record, to_record
from jvscheduler.history.store.database import DatabaseHistory
from jvscheduler.history.times import to_text
from jvscheduler.history.urls import parse_url
from jvscheduler.outcomes import Status
from tests.cluster.postgres import run_postgres

JOBS = 200_000
BATCH = 10_000
ROUNDS, BLOCK = 15, 10
"""Each program takes its turn so often, with so many calls in a row."""
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
STATUSES = ("completed", "failed", "timeout", "skipped")
WEIGHTS = (90, 6, 2, 2)
RECENT = "SELECT data FROM plain WHERE started >= {} ORDER BY started DESC LIMIT 50"
COUNT = "SELECT COUNT(*) FROM plain WHERE status = {}"
COUNTS = "SELECT status, COUNT(*) FROM plain GROUP BY status"
INSERT = "INSERT INTO plain (id, status, started, data) VALUES ({}, {}, {}, {})"
SCHEMA = """
CREATE TABLE plain (id TEXT PRIMARY KEY, status TEXT, started TEXT, data {});
CREATE INDEX plain_status ON plain (status);
CREATE INDEX plain_started ON plain (started DESC);
"""
SAME, PLAIN = "the same statement by the driver", "a hand-made table by the driver"

Call = Callable[[], Awaitable[Any]]
Statement = tuple[str, Sequence[Any]]


@dataclass(frozen=True)
class Bare:
    """The driver without our code."""

    name: str
    kind: type[Any]
    """The driver's class of connections."""
    fetch: Callable[[str, Sequence[Any]], Awaitable[list[Any]]]
    marks: Sequence[str]
    """The driver's placeholders for values."""
    insert: str
    """The statement of our `create`."""

    async def plain(self, sql: str, *values: Any) -> list[Any]:
        return await self.fetch(sql.format(*self.marks), values)

    async def statement_of(self, call: Call) -> Statement:
        """The statement that this call sends to the driver, with its values."""
        execute, recorded = self.kind._execute, list[Statement]()  # noqa: SLF001

        async def record(connection: Any, *args: Any, **options: Any) -> Any:
            recorded.extend(args[n : n + 2] for n, arg in enumerate(args) if isinstance(arg, str))
            return await execute(connection, *args, **options)

        with patch.object(self.kind, "_execute", record):
            await call()
        (statement,) = recorded
        return statement


def measure() -> Iterator[Ratio]:
    with tempfile.TemporaryDirectory(prefix="jvscheduler-") as folder:
        yield from asyncio.run(_sqlite(f"sqlite:///{folder}/history.db"))
    with run_postgres(durable=True) as server, server.database() as url:
        yield from asyncio.run(_postgres(url))


async def _sqlite(url: str) -> list[Ratio]:
    opened = open_database(parse_url(url), connections=1, timeout=60)
    plain = await aiosqlite.connect(parse_url(url).path)
    await plain.execute("PRAGMA synchronous=NORMAL")  # as jvspatial sets it
    await plain.executescript(SCHEMA.format("TEXT"))
    async for rows in _filled(opened):
        await plain.executemany(INSERT.format(*"????"), rows)
        await plain.commit()

    async def fetch(sql: str, values: Sequence[Any]) -> list[Any]:
        rows = list(await plain.execute_fetchall(sql, values))
        if plain.in_transaction:
            await plain.commit()
        return rows

    await (await opened._get_connection()).execute("ANALYZE")  # type: ignore[attr-defined]  # noqa: SLF001
    insert = "INSERT OR IGNORE INTO records (collection, id, data) VALUES ('object', ?, ?)"
    bare = Bare("SQLite", aiosqlite.Connection, fetch, "????", insert)
    ratios = [*await _reads(bare, opened), *await _create(bare, "create")]
    await plain.close()
    await opened.close()
    return ratios


async def _postgres(url: str) -> list[Ratio]:
    opened = open_database(parse_url(url), connections=1, timeout=60)
    plain = await asyncpg.connect(url)
    await plain.execute(SCHEMA.format("JSONB"))
    async for rows in _filled(opened):
        columns = ["id", "status", "started", "data"]
        await plain.copy_records_to_table("plain", records=rows, columns=columns)
    await plain.execute("VACUUM ANALYZE")

    async def fetch(sql: str, values: Sequence[Any]) -> list[Any]:
        return list(await plain.fetch(sql, *values))

    insert = "INSERT INTO object (id, entity, data) VALUES ($1, 'ScheduledJob', $2)"
    insert += " ON CONFLICT (id) DO NOTHING"
    bare = Bare("PostgreSQL", asyncpg.Connection, fetch, ("$1", "$2", "$3", "$4"), insert)
    ratios = [*await _reads(bare, opened), *await _create(bare, "create")]
    async with opened._acquire_conn() as ours:  # type: ignore[attr-defined]  # noqa: SLF001
        for connection in (ours, plain):
            await connection.execute("SET synchronous_commit = off")
    ratios += await _create(bare, "create, not awaiting the disk,", goal=None)
    await plain.close()
    await opened.close()
    return ratios


async def _filled(opened: Any) -> AsyncIterator[list[tuple[Any, ...]]]:
    """Store the jobs as jvspatial does, and yield them in batches for the baseline."""
    set_default_context(GraphContext(opened))
    chance = random.Random(4)  # noqa: S311 - the same jobs each time
    for first in range(0, JOBS, BATCH):
        records = [to_record(_job(n, chance)) for n in range(first, first + BATCH)]
        await opened.bulk_save("object", records)
        yield [_plain(record) for record in records]
    await ScheduledJob.count({"_id": "none"})  # the first query creates the indexes


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


async def _reads(bare: Bare, opened: Any) -> list[Ratio]:
    since = NOW - timedelta(days=7)
    store = DatabaseHistory(opened, bare.name)

    async def recent() -> None:
        query = {"context.execution_time": {"$gte": since}}
        assert len(await ScheduledJob.find(query, sort={"context.execution_time": -1}, limit=50))

    async def one_status() -> None:
        assert await ScheduledJob.count({"context.status": "failed"}) > JOBS / 20

    recent_sql, counts_sql, one_sql = [
        await bare.statement_of(call) for call in (recent, store.counts, one_status)
    ]

    async def entities(rows: Awaitable[list[Any]]) -> None:
        assert len([from_record(json.loads(row[0])) for row in await rows]) == 50

    same_recent: Mapping[str, tuple[Call, float | None]] = {
        f"{SAME}, as entities": (lambda: entities(bare.fetch(*recent_sql)), 1.2),
        f"{SAME}, as rows": (lambda: bare.fetch(*recent_sql), None),
        PLAIN: (lambda: entities(bare.plain(RECENT, to_text(since))), None),
    }
    return [
        *await _ratios(f"recent 50 on {bare.name}", recent, same_recent),
        *await _ratios(
            f"count each status on {bare.name}",
            store.counts,
            {
                SAME: (lambda: bare.fetch(*counts_sql), 1.2),
                PLAIN: (lambda: bare.plain(COUNTS), None),
            },
        ),
        *await _ratios(
            f"count one status on {bare.name}",
            one_status,
            {
                SAME: (lambda: bare.fetch(*one_sql), 1.2),
                PLAIN: (lambda: bare.plain(COUNT, "failed"), None),
            },
        ),
    ]


async def _create(bare: Bare, what: str, goal: float | None = 1.5) -> list[Ratio]:
    chance = random.Random(what)  # noqa: S311 - the same jobs each time
    numbers = range(3 * ROUNDS * BLOCK)
    new = iter([to_record(_job(JOBS, chance)) | {"id": f"{what}-{n}"} for n in numbers])
    values = iter([_plain(next(new)) for _ in range(2 * ROUNDS * BLOCK)])

    async def ours() -> None:
        record = next(new)
        await ScheduledJob.create(id=record["id"], **record["context"])

    async def same() -> None:
        row = next(values)
        await bare.fetch(bare.insert, (row[0], row[-1]))

    async def plain() -> None:
        await bare.plain(INSERT, *next(values))

    return await _ratios(f"{what} on {bare.name}", ours, {SAME: (same, goal), PLAIN: (plain, None)})


async def _ratios(
    what: str, ours: Call, baselines: Mapping[str, tuple[Call, float | None]]
) -> list[Ratio]:
    calls = [ours, *(call for call, _ in baselines.values())]
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for call, own in zip(calls, seconds, strict=True):
            own += [await _seconds(call) for _ in range(BLOCK)]
    mine, *theirs = map(statistics.median, seconds)
    pairs = zip(baselines.items(), theirs, strict=True)
    return [Ratio(what, mine, name, value, goal=goal) for (name, (_, goal)), value in pairs]


async def _seconds(call: Call) -> float:
    start = time.perf_counter()
    await call()
    return time.perf_counter() - start
