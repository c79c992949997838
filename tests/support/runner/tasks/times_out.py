"""Tasks that run longer than their limit, and write down what they saw of its end."""

import asyncio
import time

from jvspatial.core import Root, Walker, on_visit

from jvscheduler import TaskTimeout
from tests.support.runner.tasks.ends import mark


def sync() -> str:
    try:
        time.sleep(60)
    except TaskTimeout as error:
        time.sleep(0.1)
        mark(f"saw {type(error).__name__}")
    return "went on"


async def at_an_await() -> str:
    """Catch it as documented, clean up at further awaits, and go on."""
    try:
        await asyncio.sleep(60)
    except asyncio.TimeoutError:  # noqa: UP041 - as jvspatial's documentation has it
        await asyncio.sleep(1.2)
        mark("saw TimeoutError, once")
    return "went on"


async def _cleans_up(seen: list[str]) -> None:
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0.1)
        seen.append("child cleaned up")


async def waits_for_a_group() -> None:
    seen: list[str] = []
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_cleans_up(seen))
    except TimeoutError:
        seen.append("saw TimeoutError")
    mark(", ".join(seen))


async def waits_in_a_group() -> None:
    seen: list[str] = []
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_cleans_up(seen))
            await asyncio.sleep(60)
    except* TimeoutError:
        seen.append("saw TimeoutError")
    mark(", ".join(seen))


async def gathers() -> None:
    seen: list[str] = []
    try:
        await asyncio.gather(_cleans_up(seen), asyncio.shield(asyncio.sleep(60)))
    except TimeoutError:
        seen.append("saw TimeoutError")
    mark(", ".join(seen))


async def has_another_task() -> None:
    seen: list[str] = []
    other = asyncio.create_task(_cleans_up(seen))
    try:
        await asyncio.wait_for(asyncio.sleep(60), 59)
    except TimeoutError:
        seen.append("saw TimeoutError")
    mark(", ".join(seen) if other.done() else "the other task still runs")


async def never_yields() -> None:
    try:
        while True:
            time.sleep(0.01)  # noqa: ASYNC251 - that is the point
    except TaskTimeout:
        await asyncio.sleep(0.5)
        mark("saw TaskTimeout, once")


async def has_a_child_that_never_yields() -> None:
    async def busy() -> None:
        while True:
            time.sleep(0.01)  # noqa: ASYNC251 - that is the point

    try:
        await asyncio.gather(busy(), return_exceptions=True)
    except TimeoutError:
        mark("saw TimeoutError")


class Walks(Walker):
    @on_visit(Root)  # type: ignore[untyped-decorator]
    async def enter(self, _: Root) -> None:
        try:
            await asyncio.sleep(60)
        except TimeoutError:
            mark("saw TimeoutError")


def outlives_it() -> None:
    while True:
        try:
            mark("saw nothing")
            time.sleep(60)
        except TimeoutError:
            mark("saw TimeoutError")
            break
    while True:
        time.sleep(60)
