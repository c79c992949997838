"""How a task is called: a function, an async function, or a Walker of jvspatial's.

A sync function is called with no event loop running, so that it may start its
own. A Walker is spawned from the root; jvspatial puts what its visit hooks
raise into the walker's report and goes on, so that is where its failure is
looked for.
"""

import asyncio
import contextlib
import inspect
import os
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from jvscheduler.attempt.log import say
from jvscheduler.errors import SchedulerError

if TYPE_CHECKING:
    from jvspatial.core.entities import Walker

CLOSE_SECONDS: Final = 5.0

Close = Callable[[], Awaitable[None]]


class WalkerFailed(SchedulerError):
    """A hook of a walker raised; jvspatial had put that into the report."""


def prepared(target: Callable[[], Any], close: Close) -> Callable[[], Any]:
    """What calls it, once; `close` is awaited in the loop that an async task ran in.

    That loop is made and tried now, which takes longer than all else that comes before the
    task's own first line.
    """
    if _is_walker(target):
        return partial(_run, _new_loop(), partial(_walk, target), close)
    if inspect.iscoroutinefunction(target):
        return partial(_run, _new_loop(), target, close)
    return partial(_call, target, close)


def _call(target: Callable[[], Any], close: Close) -> Any:
    try:
        result = target()
    finally:
        _let_others_begin()
    return _run(_new_loop(), lambda: result, close) if inspect.isawaitable(result) else result


def _let_others_begin() -> None:
    """Of many that are due at once each begins before anything is done about one that has ended."""
    os.sched_yield()


def _is_walker(target: Callable[[], Any]) -> TypeGuard["type[Walker]"]:
    """Without jvspatial there is none: it is not imported only to ask."""
    entities = sys.modules.get("jvspatial.core.entities")
    return entities is not None and isinstance(target, type) and issubclass(target, entities.Walker)


async def _walk(walker_class: "type[Walker]") -> Any:
    walker = walker_class()
    await walker.spawn()
    report = await walker.get_report()
    errors = [text for text in map(_hook_error, report) if text]
    if errors:
        raise WalkerFailed("; ".join(errors))
    return report


def _hook_error(entry: Any) -> str | None:
    if isinstance(entry, dict) and "hook_error" in entry:
        where = f"{entry.get('hook_name')} on {entry.get('node_id')}"
        return f"{where}: {entry['hook_error']}"
    if isinstance(entry, str) and entry.startswith("Error in exit hook: "):
        return entry
    return None


def _new_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(_closing(_nothing, _nothing))
    return loop


async def _nothing() -> None:
    """As a task that does nothing, and as a database that needs no close."""


def _run(loop: asyncio.AbstractEventLoop, begin: Callable[[], Awaitable[Any]], close: Close) -> Any:
    task = loop.create_task(_closing(begin, close))
    try:
        return loop.run_until_complete(task)
    except BaseException:
        if not task.done():  # a signal came between two steps: let the task clean up
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        raise


async def _closing(begin: Callable[[], Awaitable[Any]], close: Close) -> Any:
    try:
        return await begin()
    finally:
        _let_others_begin()
        await _close(close)


async def _close(close: Close) -> None:
    """What the task came to stands, also when its database cannot be closed.

    A connection that the task holds, for one, would be waited for without end.
    """
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await close()
    except Exception as error:  # noqa: BLE001 - each database has errors of its own
        say(f"the task's database was not closed cleanly: {error!r}")
