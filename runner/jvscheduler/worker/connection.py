"""The socket at which the worker listens, and the one loop that it serves.

A newer connection takes the place of the older: a loop that was killed and
started anew must not wait until the old connection is noticed to be dead. What
a task started may not take the loop's place, though it can reach the socket.
"""

import os
import selectors
import socket
import struct
from pathlib import Path
from typing import Final, Protocol

import psutil

from jvscheduler.worker.log import Log
from jvscheduler.worker.messages import InvalidMessage, Order, Report, decode, encode

_CHUNK: Final = 64 * 1024
_LONGEST_LINE: Final = 4 * 1024 * 1024
_CREDENTIALS: Final = struct.Struct("3i")


def listen(path: Path) -> socket.socket:
    """For everybody who can reach the path: the loop's container may have another user."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o666)
    listener.listen()
    listener.setblocking(False)
    return listener


class Host(Protocol):
    def loop_came(self) -> None: ...

    def loop_went(self) -> None: ...

    def obey(self, order: Order) -> None:
        """Raises InvalidMessage."""


class Door:
    def __init__(
        self, listener: socket.socket, selector: selectors.BaseSelector, log: Log, host: Host
    ) -> None:
        self._selector = selector
        self._log = log
        self._host = host
        self._loop: socket.socket | None = None
        self._unread = bytearray()
        self._unsent = bytearray()
        selector.register(listener, selectors.EVENT_READ, lambda: self._accept(listener))

    @property
    def is_connected(self) -> bool:
        return self._loop is not None

    def send(self, message: Report) -> None:
        """What nobody is there to hear is said when somebody comes, if it still matters."""
        if self._loop is not None:
            self._unsent += encode(message)

    def flush(self) -> None:
        if self._loop is None or not self._unsent:
            return
        try:
            del self._unsent[: self._loop.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError as error:
            self._part(f"the loop is gone: {error}")
            return
        self._await(self._loop)

    def _await(self, loop: socket.socket) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
        key = self._selector.get_key(loop)
        if key.events != wanted:
            self._selector.modify(loop, wanted, key.data)

    def _accept(self, listener: socket.socket) -> None:
        try:
            caller, _ = listener.accept()
        except OSError as error:
            self._log.say(f"a caller is gone before it was answered: {error}")
            return
        if _is_below_us(_peer(caller)):
            self._log.say("a task's process tried to speak for the loop: it was turned away")
            caller.close()
            return
        self._part("another loop has come")
        caller.setblocking(False)
        self._loop = caller
        self._selector.register(caller, selectors.EVENT_READ, lambda: self._receive(caller))
        self._host.loop_came()

    def _receive(self, loop: socket.socket) -> None:
        if loop is not self._loop:
            return
        try:
            chunk = loop.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            self._part(f"the loop is gone: {error}")
            return
        if not chunk:
            self._part()
            return
        self._unread += chunk
        self._read_lines()

    def _read_lines(self) -> None:
        *lines, self._unread = self._unread.split(b"\n")
        try:
            for line in lines:
                self._host.obey(_order(bytes(line)))
        except InvalidMessage as error:
            self._part(str(error))
        if len(self._unread) > _LONGEST_LINE:
            self._part("the loop sent a line without an end")

    def _part(self, why: str = "") -> None:
        if self._loop is None:
            return
        if why:
            self._log.say(why)
        self._selector.unregister(self._loop)
        self._loop.close()
        self._loop = None
        self._unread.clear()
        self._unsent.clear()
        self._host.loop_went()


def _order(line: bytes) -> Order:
    message = decode(line)
    if not isinstance(message, Order):
        raise InvalidMessage(f"not an order to a worker: {type(message).__name__}")
    return message


def _peer(caller: socket.socket) -> int:
    """The caller's process; 0 when it is in another container."""
    raw = caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(raw)[0])


def _is_below_us(pid: int) -> bool:
    if pid == 0:
        return False
    try:
        return any(parent.pid == os.getpid() for parent in psutil.Process(pid).parents())
    except psutil.NoSuchProcess:
        return True
