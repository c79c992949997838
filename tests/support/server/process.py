"""The server as a process, and a PostgreSQL that a test may stop."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.cluster.api_server import free_ports
from tests.cluster.commands import run, start, stop, succeeds, wait_until
from tests.cluster.postgres import find_programs, give_away, server_command, unprivileged
from tests.support.waiting import eventually

READY_SECONDS = 60


@dataclass
class ServerProcess:
    """The process of `python -m jvscheduler_server`."""

    kubeconfig: Path
    database_url: str
    log: Path
    port: int
    auth_mode: str = "none"
    aggregation_port: int | None = None
    certificate: Path | None = None
    """The folder of the certificate with which it answers the API server."""
    namespaces: str = ""
    """What it watches, with commas between; everything when it is empty."""
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "jvscheduler_server", "--host", "127.0.0.1"]
        environ = {
            "JVSCHEDULER_DATABASE_URL": self.database_url,
            "JVSCHEDULER_AUTH_MODE": self.auth_mode,
            "JVSCHEDULER_AGGREGATION_PORT": str(self.aggregation_port or ""),
            "JVSCHEDULER_AGGREGATION_CERTIFICATE": str(self.certificate or ""),
            "JVSCHEDULER_WATCH_NAMESPACES": self.namespaces,
            "PATH": os.environ["PATH"],
        }
        assignments = [f"{name}={value}" for name, value in environ.items()]
        options = ["--port", str(self.port), "--kubeconfig", str(self.kubeconfig)]
        self.process = start(["env", "-i", *assignments, *command, *options], self.log)
        wait_until(self._is_ready, "the server is ready", READY_SECONDS, self.log)

    def stop(self) -> int:
        """Stop it; return its exit code."""
        assert self.process is not None
        stop(self.process, 30)
        return self.process.returncode

    def ask(self, path: str, token: str = "", **query: Any) -> httpx.Response:
        url = f"http://127.0.0.1:{self.port}{path}"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.get(url, params=query, headers=headers, timeout=30)

    def job(self, job_id: str) -> dict[str, Any] | None:
        """Return the job as the API shows it now; None when it does not."""
        answer = self.ask("/api/scheduler/jobs/recent")
        assert answer.status_code == 200, answer.text
        jobs: list[dict[str, Any]] = answer.json()["jobs"]
        return next((job for job in jobs if job["id"] == job_id), None)

    def job_that(self, is_so: Callable[[dict[str, Any]], bool], job_id: str) -> dict[str, Any]:
        def probe() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job is not None and is_so(job) else None

        return eventually(probe, f"the job {job_id} is as expected")

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.ask("/readyz").status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def a_server(
    kubeconfig: Path,
    url: str,
    folder: Path,
    auth_mode: str = "none",
    aggregation: tuple[int, Path] | None = None,
    *,
    namespaces: str = "",
) -> Iterator[ServerProcess]:
    (port,) = free_ports(1)
    own_port, certificate = aggregation or (None, None)
    server = ServerProcess(
        kubeconfig, url, folder / "server.log", port, auth_mode, own_port, certificate, namespaces
    )
    try:
        server.start()
        yield server
    finally:
        if server.process is not None:
            stop(server.process)


@dataclass
class OwnPostgres:
    """A PostgreSQL that a test may stop and start again, on one port."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def create(self) -> None:
        give_away(self.folder)
        authentication = ("--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8")
        programs, data = find_programs(), self.folder / "data"
        initdb = (programs / "initdb", f"--pgdata={data}", *authentication)
        run(*unprivileged(), *initdb, cwd=self.folder)

    def start(self) -> None:
        programs, log = find_programs(), self.folder / "log"
        command = [*unprivileged(), *server_command(programs, self.folder / "data", self.port)]
        self.process = start(command, log)
        ready = (programs / "pg_isready", "--quiet", "-h", "127.0.0.1", "-p", str(self.port))
        wait_until(lambda: succeeds(*ready), "PostgreSQL accepts connections", log=log)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(2)  # SIGINT: end the sessions, do not wait for them
            self.process.wait(30)
            self.process = None


@contextmanager
def an_own_postgres() -> Iterator[OwnPostgres]:
    # Not below pytest's folder: any other session may close that to PostgreSQL's own user.
    folder = Path(tempfile.mkdtemp(prefix="jvscheduler-postgres-"))
    folder.chmod(0o755)
    postgres = OwnPostgres(folder, free_ports(1)[0])
    postgres.create()
    postgres.start()
    try:
        yield postgres
    finally:
        postgres.stop()
        shutil.rmtree(folder)
