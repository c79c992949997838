"""What faults are done to: a loop's pods, their tasks, database and API server.

A namespace, a folder and a database of its own; what it starts ends with it.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.cluster.api_server import ApiServer
from tests.cluster.errors import MissingPrerequisiteError
from tests.cluster.postgres import execute
from tests.faults.mix import Spec
from tests.support.gate import Gate, gate_to
from tests.support.loop.process import LoopPod, Tasks
from tests.support.server.process import OwnPostgres, an_own_postgres
from tests.support.server.service_account import server_kubeconfig

_CLOCKS: Final = "/usr/lib/*-linux-gnu*/faketime/libfaketime.so.1"


@dataclass
class World:
    folder: Path
    namespace: str
    kubeconfig: Path
    gate: Gate
    postgres: OwnPostgres
    tasks: Tasks
    specs: dict[str, Spec] = field(default_factory=dict)
    pods: list[LoopPod] = field(default_factory=list)
    """All that there were; the last one is in service."""
    ending: list[LoopPod] = field(default_factory=list)
    """Those of them that were asked to end."""
    is_database_away: bool = False
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def pod(self) -> LoopPod:
        return self.pods[-1]

    def add_pod(self, name: str | None = None) -> LoopPod:
        """With new directories; without a name it takes over from the one in service."""
        name = name or self.pod.name
        folder = self.folder / f"pod-{next(self._numbers)}"
        url, environ = self.postgres.url, self._clock_environ()
        pod = LoopPod(folder, self.namespace, self.kubeconfig, url, name, environ=environ)
        self.pods.append(pod)
        pod.start()
        return pod

    def serve(self, specs: dict[str, Spec]) -> None:
        self.specs = specs
        self.set_clock(0)
        self.began = datetime.now(UTC)
        self.add_pod("loop-1").until_ready()
        self.tasks.apply_all(specs, self.pod.name)

    def new_name(self) -> str:
        return f"loop-{next(self._numbers)}"

    def set_clock(self, seconds: int) -> None:
        """Of the loops, so far from the true one."""
        written = self._clock.with_name("clock.new")
        written.write_text(f"{seconds:+d}")
        written.rename(self._clock)

    @contextmanager
    def without_database(self) -> Iterator[None]:
        self.is_database_away = True
        yield
        self.is_database_away = False

    def until_ended(self) -> None:
        while self.ending:
            self.ending.pop().wait()

    def execute(self, statement: str) -> str:
        return execute(self.postgres.url, statement)

    def end(self) -> None:
        for pod in self.pods:
            for container in (pod.loop, pod.worker):
                if container.process is not None and container.process.poll() is None:
                    container.kill()

    @property
    def _clock(self) -> Path:
        return self.folder / "clock"

    def _clock_environ(self) -> dict[str, str]:
        """Timers are left alone: a clock that is set does not change how long a second takes.

        The worker goes without: with libfaketime 0.9.10, Python's `time.sleep` fails (EINVAL).
        """
        return {
            "LD_PRELOAD": str(_libfaketime()),
            "FAKETIME_TIMESTAMP_FILE": str(self._clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


@contextmanager
def a_world(folder: Path, server: ApiServer, namespace: str) -> Iterator[World]:
    """The CRD is there."""
    folder.mkdir()  # another world's tasks have written elsewhere
    config = server_kubeconfig(server, namespace, folder)
    with gate_to(server) as gate, an_own_postgres() as postgres:
        passing = config.read_text().replace(server.url, f"https://127.0.0.1:{gate.port}")
        config.write_text(passing)
        world = World(folder, namespace, config, gate, postgres, Tasks(server, namespace))
        try:
            yield world
        finally:
            world.end()
            world.tasks.delete_all()


def _libfaketime() -> Path:
    found = next(Path("/").glob(_CLOCKS.lstrip("/")), None)
    if found is None:
        raise MissingPrerequisiteError(
            "setting the clock of a process needs libfaketime: apt-get install -y faketime"
        )
    return found
