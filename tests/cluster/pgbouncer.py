"""A real PgBouncer in transaction mode, on the loopback before a PostgreSQL.

Debian's package, run as PostgreSQL's unprivileged user from a temporary folder.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.cluster.api_server import free_ports
from tests.cluster.commands import start, stop, succeeds, wait_until
from tests.cluster.errors import MissingPrerequisiteError
from tests.cluster.postgres import USER, PostgresServer, give_away, unprivileged

SERVER_CONNECTIONS = 2
"""So few that two transactions of one client are seldom on the same one."""
_SETTINGS = """
[databases]
* = host=127.0.0.1 port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = {server_connections}
max_client_conn = {clients}
"""


@dataclass(frozen=True)
class PgBouncer:
    port: int

    def url(self, url: str) -> str:
        """The URL of the same database through this pooler."""
        parts = urlsplit(url)
        return parts._replace(netloc=f"{USER}@127.0.0.1:{self.port}").geturl()


@contextmanager
def run_pgbouncer(server: PostgresServer, clients: int = 100) -> Iterator[PgBouncer]:
    """`clients`: how many connections it takes."""
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin")
    if program is None:
        raise MissingPrerequisiteError(
            "tests with a real PgBouncer need it: apt-get install -y pgbouncer"
        )
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="jvscheduler-pgbouncer-") as name:
        folder = Path(name)
        give_away(folder)
        users, settings, log = folder / "users", folder / "settings.ini", folder / "log"
        users.write_text(f'"{USER}" ""\n')
        settings.write_text(
            _SETTINGS.format(
                server_port=server.port,
                port=port,
                users=users,
                server_connections=SERVER_CONNECTIONS,
                clients=clients,
            )
        )
        process = start([*unprivileged(), program, settings], log)
        try:
            pooler = PgBouncer(port)
            ready = (server.programs / "pg_isready", "--quiet", "-h", "127.0.0.1", "-p", str(port))
            wait_until(lambda: succeeds(*ready), "PgBouncer accepts connections", log=log)
            yield pooler
        finally:
            stop(process)
