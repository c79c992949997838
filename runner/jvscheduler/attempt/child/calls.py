"""Load a task by its entrypoint, and call it: a function, an async function or a Walker.

A sync function is called while no event loop runs, so that it may start its own. A Walker is
spawned from the root. jvspatial catches what a Walker's hooks raise and puts it into the Walker's
report, so the report is searched for errors.
"""

import asyncio
import contextlib
import importlib
import inspect
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from jvscheduler.arguments.parameters import check_names
from jvscheduler.attempt.child.alarm import Alarm, Interruptible, raise_timeout
from jvscheduler.attempt.log import say
from jvscheduler.attempt.tracebacks import error_message
from jvscheduler.errors import InvalidArgs, InvalidTask, SchedulerError

if TYPE_CHECKING:
    from jvspatial.core.entities import Walker

CLOSE_SECONDS: Final = 5.0
"""Longest wait for the task's database to close."""

Close = Callable[[], Awaitable[None] | None]
"""Returns None when there is nothing to close."""


class TaskNotFound(InvalidTask):
    """The module was imported, but it has no such task."""


class ArgsNotTaken(InvalidTask):
    """The task's function or Walker does not take the arguments."""


class WalkerFailed(SchedulerError):
    """A hook of the Walker raised an error, and jvspatial had put it into the Walker's report."""


@dataclass(frozen=True)
class Callee:
    """What an attempt calls: the task's function or Walker class, and its arguments."""

    entrypoint: str
    args: Mapping[str, Any] = field(default_factory=dict)
    """As JSON has them, by the names of its parameters."""
    no_retry_on: tuple[str, ...] = ()
    """Names of exceptions after which no further attempt is made."""


def load(entrypoint: str) -> Any:
    """Import `package.module:name` and return the object that the name means.

    Raises TaskNotFound when the module has no such name. An error that the module itself raises
    is passed on unchanged.
    """
    module_name, _, path = entrypoint.partition(":")
    target: Any = importlib.import_module(module_name)
    for name in path.split("."):
        if not hasattr(target, name):
            raise TaskNotFound(
                f"{module_name} has no {path!r}; the image may hold another version "
                "of the module than the one that the task was built from"
            )
        target = getattr(target, name)
    if not callable(target):
        raise TaskNotFound(f"{entrypoint} is {target!r}, which cannot be called")
    return target


def bind(target: Any, args: Mapping[str, Any]) -> Any:
    """Return the target with its arguments, which are JSON here. Raises ArgsNotTaken."""
    try:
        check_names(target, getattr(target, "__name__", "the task"), args)
        if not args:
            return target
        from jvscheduler.arguments.types import values_of  # noqa: PLC0415 - most tasks have none

        return partial(target, **values_of(target, args))
    except InvalidArgs as error:
        raise ArgsNotTaken(str(error)) from error


@dataclass
class Call:
    """The call of a task, and the end of the event loop that it had."""

    make: Callable[["Call"], Any]
    close: Close
    """Closes the task's database."""
    alarm: Alarm
    """While the task runs, it raises an error in it when its time is over."""
    loop: asyncio.AbstractEventLoop | None = None

    def __call__(self) -> Any:
        return self.make(self)

    def take_end(self) -> Callable[[], None] | None:
        """Return what ends the event loop, or None when nothing is left that needs an end.

        Most runs leave nothing behind, and to run the loop once more takes longer than they do.
        """
        closing = self.close() if self.loop is not None else None
        if self.loop is None or (closing is None and not _is_in_use(self.loop)):
            return None
        return partial(_end, self.loop, closing)


def prepare_call(target: Callable[[], Any], close: Close, alarm: Alarm) -> Call:
    """Return a call of the target. `close` is awaited when the call is ended.

    An async target and `close` run in the same event loop. That loop is created and tried out
    here, before the task is due: this takes longer than everything else before the task's first
    line.
    """
    if _is_walker(target):
        return Call(partial(_run, partial(_walk, target)), close, alarm, _new_loop())
    if inspect.iscoroutinefunction(target):
        return Call(partial(_run, target), close, alarm, _new_loop())
    return Call(partial(_call, target), close, alarm)


def _call(target: Callable[[], Any], call: Call) -> Any:
    call.alarm.ring = raise_timeout
    try:
        result = target()
    finally:
        call.alarm.ring = None
        _yield_processor()
    if inspect.isawaitable(result):
        call.loop = _new_loop()
        return _run(lambda: result, call)
    return result


def _yield_processor() -> None:
    """Let other processes run first.

    When many tasks are due at once, each should begin before the work that follows the end of
    another one.
    """
    os.sched_yield()


def _is_walker(target: Callable[[], Any]) -> TypeGuard["type[Walker]"]:
    if isinstance(target, partial):
        target = target.func
    # A Walker can only exist when jvspatial was imported; importing it here would be slow.
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
    # The first run of a new loop is the slow one, so it is made with a call that does nothing.
    loop.run_until_complete(_await(_do_nothing()))
    return loop


async def _do_nothing() -> None:
    """Stand in for a task."""


def _run(begin: Callable[[], Awaitable[Any]], call: Call) -> Any:
    assert call.loop is not None  # noqa: S101 - for mypy
    loop, alarm = call.loop, call.alarm
    interruptible = Interruptible(loop, begin, alarm)
    task = loop.create_task(_await(interruptible))
    alarm.ring = interruptible.ring
    try:
        return loop.run_until_complete(task)
    except BaseException:
        # SIGTERM raises SystemExit between two steps of the loop, so the task has not seen it.
        # Without the cancellation its `finally` blocks would never run.
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        raise
    finally:
        alarm.ring = None


async def _await(work: Awaitable[Any]) -> Any:
    try:
        return await work
    finally:
        _yield_processor()


def _is_in_use(loop: asyncio.AbstractEventLoop) -> bool:
    """True when something is left in the loop, and always for a loop of another library."""
    parts = (getattr(loop, name, True) for name in ("_ready", "_asyncgens", "_default_executor"))
    return any(parts) or bool(asyncio.all_tasks(loop))


def _end(loop: asyncio.AbstractEventLoop, closing: Awaitable[None] | None) -> None:
    """End the event loop as `asyncio.run` does, and close the task's database in it."""
    _cancel_all_tasks(loop)
    loop.run_until_complete(_shut_down(loop, closing))
    loop.close()


async def _shut_down(loop: asyncio.AbstractEventLoop, closing: Awaitable[None] | None) -> None:
    await loop.shutdown_asyncgens()
    if closing is not None:
        await _close(closing)
    await loop.shutdown_default_executor()


def _cancel_all_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what the task has left behind, and wait until it has ended."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    for task in left:
        if not task.cancelled() and (error := task.exception()) is not None:
            say(f"an asyncio task that the run left behind failed: {error_message(error)}")


async def _close(closing: Awaitable[None]) -> None:
    """Close the task's database. A failure to close it changes no outcome."""
    try:
        # A connection that the task still holds would never be returned to its pool, and closing
        # the pool would wait for it forever.
        async with asyncio.timeout(CLOSE_SECONDS):
            await closing
    except Exception as error:  # noqa: BLE001 - each database has errors of its own
        say(f"the task's database was not closed cleanly: {error_message(error)}")
