"""The time of claims and records, 1, 10 and 100 at once, against a statement of the bare driver.

The baseline writes the same JSON of one job into a table with columns and two
indexes, such as a project without jvspatial would create. A claim is an `INSERT …
ON CONFLICT DO NOTHING`, and a record is an `UPDATE` by id. Our times are divided
by the number of jobs.
"""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import aiosqlite
import asyncpg

from benchmarks.report import Ratio
from jvscheduler.history.records.claims import claim_row
from jvscheduler.history.store.database import open_store
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.history.urls import parse_url
from jvscheduler.names import scheduled_job_id, scheduled_job_name
from jvscheduler.outcomes import Outcome, Status
from tests.cluster.postgres import run_postgres

ROUNDS = 101
BATCHES = (1, 10, 100)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SCHEMA = """
CREATE TABLE plain (id TEXT PRIMARY KEY, status TEXT, started TEXT, data {});
CREATE INDEX plain_status ON plain (status);
CREATE INDEX plain_started ON plain (started DESC);
"""
INSERT = "INSERT INTO plain (id, status, started, data) VALUES ({}) ON CONFLICT (id) DO NOTHING"
UPDATE = "UPDATE plain SET status = {}, data = {} WHERE id = {}"

Execute = Callable[..., Awaitable[Any]]


def measure() -> Iterator[Ratio]:
    with tempfile.TemporaryDirectory(prefix="jvscheduler-") as folder:
        yield from asyncio.run(_sqlite(f"sqlite:///{folder}/history.db"))
    with run_postgres() as server, server.database() as url:
        yield from asyncio.run(_postgres(url))


async def _sqlite(url: str) -> list[Ratio]:
    store = open_store(url)
    await store.open()
    plain = await aiosqlite.connect(parse_url(url).path)
    await plain.execute("PRAGMA synchronous=NORMAL")
    await plain.executescript(SCHEMA.format("TEXT"))

    async def execute(sql: str, *values: Any) -> None:
        marks = ["?"] * len(values)
        await plain.execute(_bound(sql, marks), values)
        await plain.commit()

    ratios = await _compare("SQLite", store, execute)
    await plain.close()
    await store.close()
    return ratios


async def _postgres(url: str) -> list[Ratio]:
    store = open_store(url)
    await store.open()
    plain = await asyncpg.connect(url)
    await plain.execute(SCHEMA.format("JSONB"))

    async def execute(sql: str, *values: Any) -> None:
        marks = [f"${number}" for number in range(1, len(values) + 1)]
        await plain.execute(_bound(sql, marks), *values)

    ratios = await _compare("PostgreSQL", store, execute)
    await plain.close()
    await store.close()
    return ratios


def _bound(sql: str, marks: list[str]) -> str:
    return sql.format(", ".join(marks)) if sql is INSERT else sql.format(*marks)


async def _compare(name: str, store: LoopStore, execute: Execute) -> list[Ratio]:
    numbers = count()
    ratios: list[Ratio] = []
    for size in BATCHES:
        claimed, recorded, inserted, updated = [], [], [], []
        for _ in range(ROUNDS):
            claims = [claim_of(next(numbers)) for _ in range(size)]
            ends = [end_of(claim) for claim in claims]
            row, end = _plain(claims[0]), _plain_end(ends[0])
            inserted.append(await seconds_of(execute(INSERT, *row)))
            claimed.append(await seconds_of(store.claim_all(claims)))
            updated.append(await seconds_of(execute(UPDATE, *end)))
            recorded.append(await seconds_of(store.record_all(ends)))
        each = f"of {size} at once on {name}"
        ratios += [
            Ratio(f"a claim {each}", _each(claimed, size), "bare insert", _each(inserted, 1)),
            Ratio(f"a record {each}", _each(recorded, size), "bare update", _each(updated, 1)),
        ]
    return ratios


def claim_of(number: int) -> Outcome:
    task, time = f"shop.tasks.task_{number % 100}", NOON + timedelta(seconds=number)
    return Outcome(
        job_id=scheduled_job_id("shop", task, time),
        task_id=task,
        namespace="shop",
        job_name=scheduled_job_name(f"shop-tasks-task-{number % 100}", time),
        attempt_id=f"attempt-{number}",
        status=Status.RUNNING,
        scheduled_time=time,
        start_time=time,
    )


def end_of(claim: Outcome) -> Outcome:
    end = claim.start_time + timedelta(seconds=2)
    return replace(claim, status=Status.COMPLETED, completion_time=end, cpu_seconds=0.5, result=7)


def _plain(outcome: Outcome) -> tuple[Any, ...]:
    row = claim_row(outcome)
    return row["id"], row["context"]["status"], row["context"]["execution_time"], json.dumps(row)


def _plain_end(outcome: Outcome) -> tuple[Any, ...]:
    row = claim_row(outcome)
    return row["context"]["status"], json.dumps(row), row["id"]


async def seconds_of(call: Awaitable[Any]) -> float:
    start = time.perf_counter()
    await call
    return time.perf_counter() - start


def _each(seconds: list[float], size: int) -> float:
    return statistics.median(seconds) / size
