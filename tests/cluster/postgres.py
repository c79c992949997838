"""A real PostgreSQL on the loopback, with no durability to pay for unless it is asked for.

Debian's packages, run as an unprivileged user from a temporary folder; it ends
with the process that started it. A test gets a database of its own on it.
"""

import itertools
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.api_server import free_ports
from tests.cluster.commands import run, start, stop, succeeds, wait_until
from tests.cluster.errors import MissingPrerequisiteError

NOT_DURABLE = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
USER = "postgres"


@dataclass(frozen=True)
class PostgresServer:
    programs: Path
    port: int
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> str:
        return execute(self.url(database), statement, self.programs)

    @contextmanager
    def database(self) -> Iterator[str]:
        name = f"test_{next(self.numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def run_postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    programs = find_programs()
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="jvscheduler-postgres-") as name:
        folder = Path(name)
        data = folder / "data"
        give_away(folder)
        authentication = ("--auth=trust", f"--username={USER}", "--no-sync", "--encoding=UTF8")
        run(*unprivileged(), programs / "initdb", f"--pgdata={data}", *authentication, cwd=folder)
        log = folder / "log"
        process = start([*unprivileged(), *server_command(programs, data, port, durable)], log)
        try:
            server = PostgresServer(programs, port)
            ready = (programs / "pg_isready", "--quiet", "-h", "127.0.0.1", "-p", str(port))
            wait_until(lambda: succeeds(*ready), "PostgreSQL accepts connections", log=log)
            yield server
        finally:
            stop(process)


def server_command(
    programs: Path, data: Path, port: int, durable: bool = False
) -> list[str | Path]:
    where = (f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={data}")
    options = ("max_connections=200", *where, *(() if durable else NOT_DURABLE))
    return [programs / "postgres", "-D", data, *(f"--{option}" for option in options)]


def execute(url: str, statement: str, programs: Path | None = None) -> str:
    """Rows as psql prints them, unaligned."""
    options = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1")
    return run((programs or find_programs()) / "psql", *options, "-c", statement, url)


def find_programs() -> Path:
    """The newest version that Debian installed, or whatever is on PATH."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = sorted(versions, key=lambda path: float(path.parts[-3]))[-1:]
    on_path = shutil.which("postgres")
    if not newest and not on_path:
        raise MissingPrerequisiteError(
            "tests with a real PostgreSQL need it: apt-get install -y postgresql"
        )
    return newest[0].parent if newest else Path(str(on_path)).parent


def unprivileged() -> Sequence[str]:
    """PostgreSQL refuses to run as root; Debian's package made a user for it."""
    if os.geteuid() != 0:
        return ()
    return ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups")


def give_away(folder: Path) -> None:
    if os.geteuid() == 0:
        entry = pwd.getpwnam(USER)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
