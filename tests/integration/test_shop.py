"""The example's tasks do their work when the runner runs them."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from jvscheduler.history.backends.registry import open_database
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.urls import parse_url
from jvscheduler.outcomes import Status
from tests.support.readme import ROOT
from tests.support.runner.process import Runner

SHOP = ROOT / "examples/shop"

RunTask = Callable[[str], ScheduledJob]
Rows = list[dict[str, Any]]


@pytest.fixture
def run_task(url: str, tmp_path: Path) -> RunTask:
    """Runs a task of the shop once, and gives its record."""
    numbers = itertools.count(29540880)

    def run(name: str) -> ScheduledJob:
        number = next(numbers)
        runner = Runner(tmp_path, f"tasks.{name}", url, job=f"job-{number}", attempt=f"p{number}")
        runner.package, runner.cwd = "shop", SHOP
        ended = runner.run()
        assert ended.code == 0, ended.output
        return next(job for job in runner.records() if job.pod_name == runner.attempt)

    return run


def test_metrics_of_the_machine_are_stored_and_reported(url: str, run_task: RunTask) -> None:
    seen = [run_task("collect_metrics").result for _ in range(2)]
    run_task("hourly_report")
    (report,) = stored(url, "object", "Report")
    assert report["samples"] == 2
    assert report["peak_memory_percent"] == max(s["memory_percent"] for s in seen)
    assert 0 < report["peak_memory_percent"] <= 100


def test_what_is_old_is_deleted_and_what_is_new_is_kept(url: str, run_task: RunTask) -> None:
    run_task("collect_metrics")
    (new,) = stored(url, "object", "SystemMetrics")
    old = {**new, "timestamp": "2020-01-01T00:00:00.000000+00:00"}
    insert(url, "o.SystemMetrics.old", "SystemMetrics", old)
    done = {"job_name": "old", "status": "completed", "completed_at": old["timestamp"]}
    insert(url, "o.ScheduledJob.old", "ScheduledJob", done)
    assert run_task("clean_up").result == {"metrics": 1, "jobs": 1}
    assert stored(url, "object", "SystemMetrics") == [new]


def test_the_walker_ships_what_is_ordered_and_refills_what_runs_low(
    url: str, run_task: RunTask
) -> None:
    for _ in range(4):
        assert len(run_task("take_orders").result) == 5
    restock = run_task("Restock")
    assert restock.status is Status.COMPLETED
    orders, products = stored(url, "node", "Order"), stored(url, "node", "Product")
    deliveries = stored(url, "node", "Delivery")
    assert len(products) == 4
    assert all(p["threshold"] <= p["stock"] <= p["target"] for p in products)
    shipped = sum(o["quantity"] for o in orders if o["shipped"])
    delivered = sum(d["quantity"] for d in deliveries)
    assert shipped > 0
    assert delivered > 0
    at_first = sum(p["target"] for p in products)
    assert sum(p["stock"] for p in products) == at_first - shipped + delivered
    assert sum(delivery["shipped"] for delivery in restock.result) == shipped


def stored(url: str, collection: str, entity: str) -> Sequence[dict[str, Any]]:
    async def read() -> Rows:
        opened = open_database(parse_url(url), connections=1, timeout=5)
        rows: Rows = await opened.find(collection, {"entity": entity})
        await opened.close()
        return [row["context"] for row in rows]

    return asyncio.run(read())


def insert(url: str, row_id: str, entity: str, context: dict[str, Any]) -> None:
    async def write() -> None:
        opened = open_database(parse_url(url), connections=1, timeout=5)
        await opened.save("object", {"id": row_id, "entity": entity, "context": context})
        await opened.close()

    asyncio.run(write())
