"""The socket on which the worker listens, and the connection to the one loop that it serves.

A newer connection replaces the older one: a loop that was killed and started again must not wait
until the old connection is noticed to be dead. A process that a task has started can reach the
socket too, but its connection is refused.
"""

import os
import selectors
import socket
from pathlib import Path
from typing import Final, Protocol

import psutil

from jvscheduler import kernel
from jvscheduler.worker.log import Log
from jvscheduler.worker.messages import Answer, InvalidMessage, Order, decode, encode

_Socket: Final = socket.socket
_CHUNK: Final = 64 * 1024
_LONGEST_LINE: Final = 4 * 1024 * 1024
"""The most bytes of an order. A longer one is refused: no loop can fill the worker's memory."""


def listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    # The loop's container may run under another user. The directory decides who can reach this.
    path.chmod(0o666)
    server.listen()
    server.setblocking(False)
    return server


class Listener(Protocol):
    """Is called for what happens on the connection."""

    def on_connected(self) -> None: ...

    def on_disconnected(self) -> None: ...

    def on_order(self, order: Order) -> None:
        """Raises InvalidMessage, which ends the connection."""


class Connection:
    """The connection to a loop, while there is one."""

    def __init__(
        self,
        server: socket.socket,
        selector: selectors.BaseSelector,
        log: Log,
        listener: Listener,
    ) -> None:
        self._selector = selector
        self._log = log
        self._listener = listener
        self._loop: socket.socket | None = None
        self._unread = bytearray()
        self._unsent = bytearray()
        selector.register(server, selectors.EVENT_READ, lambda: self._accept(server))

    @property
    def is_open(self) -> bool:
        return self._loop is not None

    def send(self, message: Answer) -> None:
        # Without a connection the answer is dropped. `WorkerAttempts.greet` sends the next loop
        # all that it must know.
        if self._loop is not None:
            self._unsent += encode(message)

    def flush(self) -> None:
        """Send as much as the kernel takes now."""
        if self._loop is None or not self._unsent:
            return
        try:
            del self._unsent[: self._loop.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError as error:
            self._close(f"the loop is gone: {error}")
            return
        self._watch(self._loop)

    def _watch(self, loop: socket.socket) -> None:
        """Ask the selector for room to write only while something waits to be sent."""
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
        key = self._selector.get_key(loop)
        if key.events != wanted:
            self._selector.modify(loop, wanted, key.data)

    def _accept(self, server: socket.socket) -> None:
        try:
            caller = _accepted(server)
        except OSError as error:
            self._log.say(f"a caller is gone before it was answered: {error}")
            return
        if _is_descendant(kernel.peer_pid(caller)):
            self._log.say("a task's process tried to speak for the loop: it was turned away")
            caller.close()
            return
        self._close("another loop has come")
        caller.setblocking(False)
        self._loop = caller
        self._selector.register(caller, selectors.EVENT_READ, lambda: self._receive(caller))
        self._listener.on_connected()

    def _receive(self, loop: socket.socket) -> None:
        # The selector may have reported this socket in the same round in which it was replaced.
        if loop is not self._loop:
            return
        try:
            chunk = loop.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            self._close(f"the loop is gone: {error}")
            return
        if not chunk:
            self._close()
            return
        self._unread += chunk
        self._read_lines()

    def _read_lines(self) -> None:
        *lines, self._unread = self._unread.split(b"\n")
        try:
            for line in lines:
                self._listener.on_order(_order(bytes(line)))
        except InvalidMessage as error:
            self._close(str(error))
        if len(self._unread) > _LONGEST_LINE:
            self._close("the loop sent a line without an end")

    def _close(self, why: str = "") -> None:
        if self._loop is None:
            return
        if why:
            self._log.say(why)
        self._selector.unregister(self._loop)
        self._loop.close()
        self._loop = None
        self._unread.clear()
        self._unsent.clear()
        self._listener.on_disconnected()


def _accepted(server: socket.socket) -> socket.socket:
    # `accept` makes an object of whatever class `socket.socket` is now: gevent replaces it.
    descriptor, _ = server._accept()  # type: ignore[attr-defined]  # noqa: SLF001
    return _Socket(fileno=descriptor)


def _order(line: bytes) -> Order:
    message = decode(line)
    if not isinstance(message, Order):
        raise InvalidMessage(f"not an order to a worker: {type(message).__name__}")
    return message


def _is_descendant(pid: int) -> bool:
    """True when this worker has started the process, directly or not.

    `pid` is 0 for a process of another container.
    """
    if pid == 0:
        return False
    try:
        return any(parent.pid == os.getpid() for parent in psutil.Process(pid).parents())
    except psutil.NoSuchProcess:
        # It has ended, so nobody can say whose child it was. A loop would still be there.
        return True
