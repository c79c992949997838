"""The loop's end of the connection to its worker: every order is carried out once.

The connection may break while both processes live on. So the orders for an attempt are
kept until its end is acknowledged. They are sent again if the same worker does not name the
attempt in its next hello.

Another worker process knows nothing. The orders for the last one are dropped, because it
may have carried them out. The listener learns of the new process by its id.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from jvscheduler.edge.set_aside import SetAside
from jvscheduler.loop.background import alongside
from jvscheduler.loop.log import Event, say, say_problem
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
"""The most bytes of one message. A worker names all its attempts in one line."""
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0
"""Seconds between two attempts to connect. The pause doubles up to the longest."""


class Listener(Protocol):
    """Gets the worker's reports."""

    def on_hello(self, worker_id: str, running: Mapping[str, Mapping[str, Any]]) -> None:
        """`running` has the claim of each attempt that the worker still has. When the id
        differs from the last hello's, all other attempts are lost."""

    def on_prepared(self, prepared: Prepared) -> None: ...

    def on_ended(self, ended: Ended) -> None:
        """An end may be reported more than once."""

    def on_lost(self) -> None:
        """The connection broke. The next `on_hello` says whether the worker lives on."""


@dataclass
class _Ordered:
    """The orders for one attempt."""

    start: Start
    let_go_at: float | None = None
    """When the attempt may begin, by the monotonic clock. None: it waits at its gate."""

    def go(self) -> Go | None:
        if self.let_go_at is None:
            return None
        return Go(self.start.run_id, max(0.0, self.let_go_at - time.monotonic()))


class SocketWorker:
    """Orders may be given at any time. They are sent when there is a connection."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: asyncio.StreamWriter | None = None
        self._worker_id: str | None = None
        self.met = asyncio.Event()
        """Set once a worker has answered."""
        self._modules: tuple[str, ...] = ()
        self._ordered: dict[str, _Ordered] = {}
        self._set_aside = SetAside("the worker", say_problem)
        self._stops: dict[str, Stop] = {}
        """Stops of inherited attempts too: those have no entry in `_ordered`."""

    def prepare(self, modules: tuple[str, ...]) -> None:
        """Have this worker, and every one after it, import these modules."""
        self._modules = modules
        self._send(Prepare(modules))

    def start(self, order: Start) -> None:
        self._ordered[order.run_id] = _Ordered(order)
        self._send(order)

    def go(self, attempt_id: str, after_seconds: float) -> None:
        ordered = self._ordered.get(attempt_id)
        if ordered is not None:
            ordered.let_go_at = time.monotonic() + after_seconds
            self._send(Go(attempt_id, after_seconds))

    def discard(self, attempt_id: str) -> None:
        self._forget(attempt_id)
        self._send(Discard(attempt_id))

    def stop(self, attempt_id: str, reason: str) -> None:
        self._stops[attempt_id] = Stop(attempt_id, reason)
        self._send(self._stops[attempt_id])

    def acknowledge(self, attempt_id: str) -> None:
        # If this order does not arrive, the worker reports the end again after the next
        # connection, and the listener acknowledges it again.
        self._forget(attempt_id)
        self._send(Acknowledge(attempt_id))

    async def run_forever(self, listener: Listener) -> None:
        """Connect, and connect again whenever the connection breaks, until cancelled."""
        pause = _FIRST_PAUSE
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._path, limit=_LONGEST_LINE)
            except OSError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE
            await self._converse(reader, writer, listener)

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener: Listener
    ) -> None:
        try:
            while line := await reader.readline():
                self._take(line, writer, listener)
        except (OSError, ValueError) as error:
            say(f"the connection to the worker breaks: {error}", Event.PROBLEM)
        finally:
            was_connected, self._writer = self._writer is not None, None
            writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        if was_connected:
            listener.on_lost()

    def _take(self, line: bytes, writer: asyncio.StreamWriter, listener: Listener) -> None:
        # The worker has imported the user's code. If one answer broke the connection, the worker
        # would send it again after the next one, and the ends behind it would never arrive.
        try:
            self._receive(decode(line), writer, listener)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is about this answer
            self._set_aside.add("an answer", repr(error))

    def _receive(
        self, message: Order | Answer, writer: asyncio.StreamWriter, listener: Listener
    ) -> None:
        match message:
            case Hello(worker_id, running):
                self._writer = writer
                self._resend(worker_id, running)
                listener.on_hello(worker_id, running)
                self.met.set()
            case Ended():
                listener.on_ended(message)
            case Prepared():
                listener.on_prepared(message)
            case _:
                raise InvalidMessage(f"a worker does not say {type(message).__name__}")

    def _resend(self, worker_id: str, running: Mapping[str, Mapping[str, Any]]) -> None:
        """Send what this worker has not received."""
        if self._worker_id not in (None, worker_id):
            # The last worker may have begun these attempts. Sent again, a task would run twice.
            self._ordered.clear()
            self._stops.clear()
        self._worker_id = worker_id
        if self._modules:
            self._send(Prepare(self._modules))
        for attempt_id, ordered in self._ordered.items():
            if attempt_id not in running:
                self._send(ordered.start)
                if (go := ordered.go()) is not None:
                    self._send(go)
        for stop in self._stops.values():
            self._send(stop)

    def _forget(self, attempt_id: str) -> None:
        self._ordered.pop(attempt_id, None)
        self._stops.pop(attempt_id, None)

    def _send(self, order: Order) -> None:
        if self._writer is not None:
            self._writer.write(encode(order))


def connected(
    worker: SocketWorker, listener: Listener, stop: asyncio.Event
) -> AbstractAsyncContextManager[None]:
    """Keep the connection while the block runs.

    The block is entered when the worker has answered, or when `stop` comes first.
    """
    return alongside(worker.run_forever(listener), worker.met, stop)
