"""A proxy in front of an API server. While it is shut, the server is unreachable."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.cluster.api_server import ApiServer


class Gate:
    """Forwards connections to a port. `shut` breaks them and refuses new ones."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener: socket.socket | None = None
        self._connections: list[socket.socket] = []
        self.port = 0

    def open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def shut(self) -> None:
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        while self._connections:
            with suppress(OSError):  # the other end has closed it already
                self._connections.pop().shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # `shut` closes the socket, which ends the loop
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._connections += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=_forward, args=ends, daemon=True).start()


def _forward(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def gate_to(server: ApiServer) -> Iterator[Gate]:
    gate = Gate(int(server.url.rpartition(":")[2]))
    gate.open()
    try:
        yield gate
    finally:
        gate.shut()
