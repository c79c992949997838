"""The record that each scheduler writes of a run, with the same facts, and how it is read.

The other schedulers write one INSERT when a run has ended, into a table with the
same indexes as ours. We write two statements, a claim and an end.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from benchmarks.claims import INSERT, SCHEMA
from jvscheduler.history.records.claims import claim_row
from jvscheduler.names import scheduled_job_id, scheduled_job_name
from jvscheduler.outcomes import Outcome, Status

NAMESPACE: Final = "bench"
_INSERT: Final = INSERT.format("$1, $2, $3, $4")
_TABLES: Final = ("object", "plain")
"""Our table, which holds other entities too, and the table of the other schedulers."""
_LATENESS: Final = """
SELECT extract(epoch FROM (job->>'scheduled_time')::timestamptz), (job->>'result')::float8
FROM (SELECT data->'context' AS job FROM {table} WHERE data->>'entity' = 'ScheduledJob') AS jobs
WHERE job->>'status' = 'completed'
AND (job->>'scheduled_time')::timestamptz >= to_timestamp($1)
AND (job->>'scheduled_time')::timestamptz < to_timestamp($2)
"""


def task_id(number: int) -> str:
    return f"bench.tasks.task_{number}"


async def open_table(url: str) -> asyncpg.Connection:
    connection = await asyncpg.connect(url)
    await connection.execute(SCHEMA.format("JSONB"))
    return connection


def row(number: int, due: float, began: float) -> tuple[Any, ...]:
    task, name, instant = task_id(number), f"task-{number}", datetime.fromtimestamp(due, UTC)
    outcome = Outcome(
        job_id=scheduled_job_id(NAMESPACE, task, instant),
        task_id=task,
        namespace=NAMESPACE,
        job_name=scheduled_job_name(name, instant),
        attempt_id=name,
        status=Status.COMPLETED,
        scheduled_time=instant,
        start_time=datetime.fromtimestamp(began, UTC),
        completion_time=datetime.now(UTC),
        result=began,
    )
    claim = claim_row(outcome)
    context = {**claim["context"], "result": began, "status": Status.COMPLETED}
    data = json.dumps({**claim, "context": context})
    return claim["id"], Status.COMPLETED, context["execution_time"], data


async def insert(connection: Any, values: tuple[Any, ...]) -> None:
    """`connection` may be a pool."""
    await connection.execute(_INSERT, *values)


async def lateness(url: str, start: float, end: float) -> Sequence[float]:
    """Seconds from the due instant to the first line of the task, sorted.

    It reads the completed runs that were due in [start, end).
    """
    connection = await asyncpg.connect(url)
    try:
        rows = []
        for table in _TABLES:
            if await connection.fetchval("SELECT to_regclass($1)", table):
                rows += await connection.fetch(_LATENESS.format(table=table), start, end)
    finally:
        await connection.close()
    return sorted(began - float(due) for due, began in rows)
