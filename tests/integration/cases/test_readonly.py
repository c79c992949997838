"""A database that takes no writes for a while gets its records afterwards, without a restart."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from tests import cases
from tests.cluster.api_server import free_ports
from tests.cluster.postgres import PostgresServer
from tests.support.dev_process import dev
from tests.support.history.crowds import end_sessions
from tests.support.runner.process import records
from tests.support.waiting import eventually

TASKS = Path(next(iter(cases.__path__))) / "deep.py"


def test_after_a_read_only_window_the_newest_record_is_seconds_old(
    postgres_server: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    name, (port,) = urlsplit(postgres_url).path.removeprefix("/"), free_ports(1)

    def newest() -> datetime:
        return max(job.scheduled_time for job in records(postgres_url) if job.scheduled_time)

    with dev(tmp_path, TASKS.read_text(), port, "--database", postgres_url) as session:
        eventually(lambda: records(postgres_url), "it records")
        postgres_server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        end_sessions(postgres_server, postgres_url)
        eventually(lambda: "going on without the history" in session.output, "it cannot write")
        postgres_server.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        writable_since = datetime.now(UTC)
        eventually(lambda: newest() > writable_since, "records go on")
