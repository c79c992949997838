"""The operator while the API server cannot be reached, and after."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.cluster.api_server import ApiServer
from tests.cluster.commands import wait_until
from tests.integration.operator_process import run_operator, write_kubeconfig
from tests.integration.operator_shop import Shop, open_shop
from tests.waiting import eventually


class Gate:
    """Passes connections on to a port, until it is shut: then they break and are refused."""

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
            with suppress(OSError):  # the other end was first
                self._connections.pop().shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # that is how `shut` ends it
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._connections += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=_pass_on, args=ends, daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
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


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    return open_shop(api_server, "outage")


def test_the_operator_outlives_an_outage_and_makes_up_for_it(shop: Shop, tmp_path: Path) -> None:
    with gate_to(shop.server) as gate:
        config = write_kubeconfig(shop.server, tmp_path)
        config.write_text(
            config.read_text().replace(shop.server.url, f"https://127.0.0.1:{gate.port}")
        )
        with run_operator(config, tmp_path) as operator:
            for name in ("edited", "bereft"):
                shop.apply_task(name)
                shop.wait_until_ready(name)
            gate.shut()
            shop.apply_task("edited", image="shop:2")
            shop.delete("cronjob", "bereft")
            wait_until(
                lambda: "attempt #4 failed; will retry" in operator.log.read_text(),
                "kopf tries again",
                log=operator.log,
            )
            assert operator.is_alive
            gate.open()
            shop.apply_task("created")
            for name in ("edited", "created"):
                shop.wait_until_ready(name)
            eventually(lambda: shop.find("cronjob", "bereft"), "the CronJob is back")
            assert operator.end() == 0
