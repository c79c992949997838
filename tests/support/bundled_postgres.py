"""The chart's PostgreSQL without a cluster: its script `prepare.sh`, its `pg_hba.conf`, and TLS."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from jvscheduler_server.credentials.certificates import Pair, make_authority, sign
from tests.cluster.api_server import free_ports
from tests.cluster.commands import run, start, succeeds, wait_until
from tests.cluster.postgres import find_programs, give_away, server_command, unprivileged
from tests.support.readme import ROOT

FILES = ROOT / "charts/jvscheduler/files/postgresql"


@dataclass
class BundledPostgres:
    folder: Path
    port: int
    authority: Pair = field(default_factory=lambda: make_authority("tests", datetime.now(UTC)))
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "volume/pgdata"

    def initialise_as_0_1_0(self) -> None:
        """What the official image did in 0.1.0, with its one superuser."""
        options = ("--username=jvscheduler", "--auth=trust", "--no-sync", "--encoding=UTF8")
        self._as_postgres(self._program("initdb"), f"--pgdata={self.data}", *options)
        self.as_nobody_else("CREATE DATABASE jvscheduler", "postgres")

    def as_nobody_else(self, statement: str, database: str = "jvscheduler") -> None:
        """Run a statement as the superuser, while the server is stopped."""
        single = (self._program("postgres"), "--single", "-j", "-D", self.data, database)
        self._as_postgres(*single, stdin=f"{statement};\n\n")

    def prepare(self, password: str) -> None:
        """Run the init container's script."""
        environ = (
            f"PATH={find_programs()}:{os.environ['PATH']}",
            f"PGDATA={self.data}",
            f"OWNER_PASSWORD={password}",
            f"TMPDIR={self.folder}",
        )
        self._as_postgres("env", *environ, "sh", self.folder / "prepare.sh")

    def start(self) -> None:
        command = server_command(find_programs(), self.data, self.port)
        log = self.folder / "log"
        hba = f"--hba_file={self.folder}/pg_hba.conf"
        self.process = start([*unprivileged(), *command, hba, *self._tls()], log)
        ready = (self._program("pg_isready"), "--quiet", "-h", "127.0.0.1", "-p", str(self.port))
        wait_until(lambda: succeeds(*ready), "PostgreSQL accepts connections", log=log)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(2)  # SIGINT: end the sessions, do not wait for them
            self.process.wait(30)
            self.process = None

    def url(self, role: str, password: str, database: str = "jvscheduler") -> str:
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def _tls(self) -> list[str]:
        """A certificate for the name `localhost`, not for 127.0.0.1."""
        pair = sign(self.authority, ["localhost"], datetime.now(UTC))
        files = {"ssl_cert_file": pair.certificate, "ssl_key_file": pair.key}
        options = ["--ssl=on"]
        for option, content in files.items():
            path = self.folder / f"{option}.pem"
            path.write_text(content)
            path.chmod(0o600)
            give_away(path)
            options.append(f"--{option}={path}")
        return options

    def _program(self, name: str) -> Path:
        return find_programs() / name

    def _as_postgres(self, *command: str | Path, stdin: str | None = None) -> None:
        run(*unprivileged(), *command, cwd=self.folder, stdin=stdin)


@contextmanager
def a_bundled_postgres() -> Iterator[BundledPostgres]:
    """With an empty volume, not started."""
    # Not below pytest's folder: any other session may close that to PostgreSQL's own user.
    folder = Path(tempfile.mkdtemp(prefix="jvscheduler-postgres-"))
    (folder / "volume").mkdir()
    for file in FILES.iterdir():
        shutil.copy(file, folder)
    for path in (folder, *folder.iterdir()):
        give_away(path)
    postgres = BundledPostgres(folder, free_ports(1)[0])
    try:
        yield postgres
    finally:
        postgres.stop()
        shutil.rmtree(folder)
