"""The loop's end of the connection to its worker: what is said is carried out once.

A connection may break while both ends live. A run's orders are kept until its
end is acknowledged, and what the same worker does not know when it is found
again is said again. Another worker knows nothing: what the last one had been told
is dropped, since it may have been done; `on_hello` tells that by the worker's id.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from jvscheduler.loop.background import alongside
from jvscheduler.loop.log import Event, say
from jvscheduler.worker.messages import (
    Acknowledge,
    Answer,
    Discard,
    Ended,
    Go,
    Hello,
    InvalidMessage,
    Order,
    Prepare,
    Prepared,
    Start,
    Stop,
    decode,
    encode,
)

_LONGEST_LINE: Final = 16 * 1024 * 1024
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0


class Listener(Protocol):
    """Who is told what the worker says. An end may be told more than once."""

    def on_hello(self, worker_id: str, running: Mapping[str, Mapping[str, Any]]) -> None:
        """With another id than before, all runs but these are lost."""

    def on_prepared(self, prepared: Prepared) -> None: ...

    def on_ended(self, ended: Ended) -> None: ...

    def on_lost(self) -> None:
        """The connection is; whether the worker is, the next `on_hello` tells."""


@dataclass
class _Told:
    start: Start
    let_go_at: float | None = None
    """By the monotonic clock, when it may begin."""

    def go(self) -> Go | None:
        if self.let_go_at is None:
            return None
        return Go(self.start.run_id, max(0.0, self.let_go_at - time.monotonic()))


class SocketWorker:
    """Orders may be given at any time; they are carried out when there is a connection."""

    def __init__(self, path: Path, listener: Listener) -> None:
        self._path = path
        self._listener = listener
        self._writer: asyncio.StreamWriter | None = None
        self._worker_id: str | None = None
        self.met = asyncio.Event()
        """A worker has answered."""
        self._modules: tuple[str, ...] = ()
        self._told: dict[str, _Told] = {}
        self._stops: dict[str, Stop] = {}
        """Also of runs that an earlier loop has started."""

    def prepare(self, modules: tuple[str, ...]) -> None:
        """Also of every worker that comes after this one."""
        self._modules = modules
        self._say(Prepare(modules))

    def start(self, order: Start) -> None:
        self._told[order.run_id] = _Told(order)
        self._say(order)

    def go(self, run_id: str, after_seconds: float) -> None:
        told = self._told.get(run_id)
        if told is not None:
            told.let_go_at = time.monotonic() + after_seconds
            self._say(Go(run_id, after_seconds))

    def discard(self, run_id: str) -> None:
        self._forget(run_id)
        self._say(Discard(run_id))

    def stop(self, run_id: str, reason: str) -> None:
        self._stops[run_id] = Stop(run_id, reason)
        self._say(self._stops[run_id])

    def acknowledge(self, run_id: str) -> None:
        """An end whose acknowledgement does not arrive is told again, to be acknowledged."""
        self._forget(run_id)
        self._say(Acknowledge(run_id))

    async def run_forever(self) -> None:
        """Connects, and again whenever the connection breaks; ends by being cancelled."""
        pause = _FIRST_PAUSE
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._path, limit=_LONGEST_LINE)
            except OSError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE
            await self._converse(reader, writer)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                self._hear(decode(line), writer)
        except (OSError, ValueError, InvalidMessage) as error:
            say(f"the connection to the worker breaks: {error}", Event.PROBLEM)
        finally:
            was_connected, self._writer = self._writer is not None, None
            writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        if was_connected:
            self._listener.on_lost()

    def _hear(self, message: Order | Answer, writer: asyncio.StreamWriter) -> None:
        match message:
            case Hello(worker_id, running):
                self._writer = writer
                self._meet(worker_id, running)
            case Ended():
                self._listener.on_ended(message)
            case Prepared():
                self._listener.on_prepared(message)
            case _:
                raise InvalidMessage(f"a worker does not say {type(message).__name__}")

    def _meet(self, worker_id: str, running: Mapping[str, Mapping[str, Any]]) -> None:
        if self._worker_id not in (None, worker_id):
            self._told.clear()
            self._stops.clear()
        self._worker_id = worker_id
        if self._modules:
            self._say(Prepare(self._modules))
        for run_id, told in self._told.items():
            if run_id not in running:
                self._say(told.start)
                if (go := told.go()) is not None:
                    self._say(go)
        for stop in self._stops.values():
            self._say(stop)
        self._listener.on_hello(worker_id, running)
        self.met.set()

    def _forget(self, run_id: str) -> None:
        self._told.pop(run_id, None)
        self._stops.pop(run_id, None)

    def _say(self, order: Order) -> None:
        if self._writer is not None:
            self._writer.write(encode(order))


def connected(worker: SocketWorker, stop: asyncio.Event) -> AbstractAsyncContextManager[None]:
    """Entered once the worker has answered, or when `stop` comes first."""
    return alongside(worker.run_forever(), worker.met, stop)
