"""The time of claims and records in a namespace's tables, against the same in a plain history.

Both are on one PostgreSQL, in databases of their own, and take turns. The namespace's role is not
the owner of its tables, which are partitions of the server's tables and have a check.
"""

import asyncio
import statistics
from collections.abc import Iterator
from itertools import count
from typing import Final

from benchmarks.claims import BATCHES, claim_of, end_of, seconds_of
from benchmarks.report import Ratio
from jvscheduler.history.store.database import open_store
from jvscheduler.history.store.protocol import LoopStore
from tests.cluster.postgres import run_postgres
from tests.support.history.partitioned import a_partitioned_database

ROUNDS: Final = 301
GOAL: Final = 1.15


def measure() -> Iterator[Ratio]:
    with (
        run_postgres() as server,
        server.database() as plain,
        a_partitioned_database(server) as partitioned,
    ):
        yield from asyncio.run(_compare(partitioned.make_namespace("shop"), plain))


async def _compare(url: str, plain_url: str) -> list[Ratio]:
    stores = [open_store(url, connections=1), open_store(plain_url, connections=1)]
    for store in stores:
        await store.open()
    numbers = count()
    ratios: list[Ratio] = []
    for size in BATCHES:
        rounds = [await _round(stores, next(numbers), size) for _ in range(ROUNDS)]
        for number, call in enumerate(("claim", "record")):
            ours, plain = (
                statistics.median(each[place][number] for each in rounds) / size for place in (0, 1)
            )
            what = f"a {call} of {size} at once in a namespace's tables"
            ratios.append(Ratio(what, ours, "in a plain history", plain, goal=GOAL))
    for store in stores:
        await store.close()
    return ratios


async def _round(
    stores: list[LoopStore], number: int, size: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The seconds of claiming and recording in each store. They take turns to be the first."""
    claims = [claim_of(number * size + each) for each in range(size)]
    ends = [end_of(claim) for claim in claims]
    order = (0, 1) if number % 2 else (1, 0)
    taken = {}
    for place in order:
        claimed = await seconds_of(stores[place].claim_all(claims))
        taken[place] = (claimed, await seconds_of(stores[place].record_all(ends)))
    return taken[0], taken[1]
