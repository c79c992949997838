"""The behaviour of `jvscheduler dev` and of a user's server, both started at once."""

import contextlib
from collections.abc import Iterator

import pytest

from tests.cluster.api_server import free_ports
from tests.contracts.behaviour import CARD, CONFIG_MAP, SECRET, BehaviourContract
from tests.support.readme import ROOT
from tests.support.server.application import Application, application

ENVIRON = {
    "PYTHONPATH": str(ROOT / "tests/e2e/image"),
    "BEHAVIOUR_PERIOD": "20",
    "CARD": CARD,
    "JVSCHEDULER_SECRET_VARIABLES": "CARD",
}

VALUES = "".join(
    f"[{kind}.behaviour]\n" + "".join(f"{key} = {value!r}\n" for key, value in data.items())
    for kind, data in (("secrets", SECRET), ("config_maps", CONFIG_MAP))
)
APP = """
import behaviour.tasks
from jvscheduler_server import Server, register_scheduled_tasks

server = Server(scheduler_enabled=True, db_type="sqlite", db_path="app.db")
register_scheduled_tasks(server.scheduler_service)

if __name__ == "__main__":
    server.run(host="127.0.0.1", port=PORT)
"""


@pytest.fixture(scope="module")
def modes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Application]]:
    ports = free_ports(2)
    dev, server = (tmp_path_factory.mktemp(name) for name in ("dev", "server"))
    (values := dev / "values.toml").write_text(VALUES)
    environ = {**ENVIRON, "JVSCHEDULER_SECRETS_FILE": str(values)}
    (server / "app.py").write_text(APP.replace("PORT", str(ports[1])))
    command = ("-m", "jvscheduler.cli", "dev", "behaviour.tasks", f"--port={ports[0]}")
    with contextlib.ExitStack() as stack:
        yield {
            "dev": stack.enter_context(
                application(*command, folder=dev, port=ports[0], environ=environ)
            ),
            "server": stack.enter_context(
                application("app.py", folder=server, port=ports[1], environ=environ)
            ),
        }


class TestDev(BehaviourContract):
    @pytest.fixture
    def service(self, modes: dict[str, Application]) -> Application:
        return modes["dev"]


class TestServer(BehaviourContract):
    @pytest.fixture
    def service(self, modes: dict[str, Application]) -> Application:
        return modes["server"]
