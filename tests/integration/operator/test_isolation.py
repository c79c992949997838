"""The operator and a real PostgreSQL in which each namespace has a role of its own."""

import asyncio
import base64
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jvscheduler import environment, names
from jvscheduler_operator.database.postgresql import PostgresRoles
from jvscheduler_operator.database.roles import RoleNotMade
from jvscheduler_operator.settings import OPERATOR_DATABASE_URL, PASSWORD_KEY
from tests.cluster.api_server import ApiServer
from tests.cluster.commands import run
from tests.cluster.errors import CommandError
from tests.cluster.postgres import execute
from tests.support.bundled_postgres import BundledPostgres, a_bundled_postgres
from tests.support.operator.process import run_operator, write_kubeconfig
from tests.support.operator.shop import TASKS, Shop, open_shop
from tests.support.waiting import eventually

KEY = "a key of at least 32 characters, the first"
OTHER_KEY = "a key of at least 32 characters, the second"


@dataclass
class Stage:
    postgres: BundledPostgres
    server: ApiServer
    kubeconfig: Path

    def variables(self, key: str = KEY) -> dict[str, str]:
        """Those of the operator."""
        url = self.postgres.url("jvscheduler_operator", "three")
        return {OPERATOR_DATABASE_URL: url, PASSWORD_KEY: key}

    def migrate(self) -> None:
        server = self.postgres.url("jvscheduler_server", "two") + "?schema=jvscheduler"
        variables = {
            environment.DATABASE_ADMIN_URL: self.postgres.url("jvscheduler_owner", "one"),
            environment.DATABASE_URL: server,
            environment.OPERATOR_DATABASE_URL: self.postgres.url("jvscheduler_operator", "three"),
        }
        words = [f"{name}={value}" for name, value in variables.items()]
        run("env", *words, sys.executable, "-m", "jvscheduler_server.migrate")


@pytest.fixture(scope="module")
def stage(api_server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    open_shop(api_server, "isolation")
    kubeconfig = write_kubeconfig(api_server, tmp_path_factory.mktemp("kubeconfig"))
    with a_bundled_postgres() as postgres:
        postgres.prepare("one")
        postgres.start()
        made = Stage(postgres, api_server, kubeconfig)
        made.migrate()
        yield made


def secret_url(shop: Shop) -> str:
    found = shop.find("secret", names.DATABASE_SECRET)
    assert found is not None, "the Secret is there"
    return base64.b64decode(found["data"][names.DATABASE_SECRET_KEY]).decode()


def ask(shop: Shop, statement: str) -> str:
    """The answer that a task of the namespace gets."""
    return execute(secret_url(shop).partition("?")[0], statement)


def until_answered(shop: Shop) -> None:
    def answered() -> bool:
        try:
            return ask(shop, "SELECT 1") == "1\n"
        except CommandError:
            return False

    eventually(answered, "the namespace's role logs in")


def shops(stage: Stage, *namespaces: str) -> list[Shop]:
    return [open_shop(stage.server, namespace) for namespace in namespaces]


def test_each_namespace_reaches_its_own_history_and_no_other(stage: Stage, tmp_path: Path) -> None:
    mine, theirs = shops(stage, "isolated-mine", "isolated-theirs")
    with run_operator(stage.kubeconfig, tmp_path, variables=stage.variables()):
        for shop in (mine, theirs):
            shop.apply_task("restock")
            shop.wait_until_ready("restock")
            until_answered(shop)
    assert secret_url(mine).endswith("?schema=ns_isolated_mine")
    assert ask(mine, "SELECT count(*) FROM ns_isolated_mine.object") == "0\n"
    for refused in (
        "SELECT count(*) FROM ns_isolated_theirs.object",
        "SELECT count(*) FROM jvscheduler.object",
        "COPY ns_isolated_mine.object FROM PROGRAM 'id'",
        "CREATE TABLE ns_isolated_mine.own (id text)",
        "CREATE TEMP TABLE own (id text)",
        "SET ROLE jvscheduler_server",
        "SET ROLE ns_isolated_theirs",
        "SELECT jvscheduler.make_namespace('isolated-theirs', 'mine')",
    ):
        with pytest.raises(CommandError, match=r"permission denied|must be superuser"):
            ask(mine, refused)
    roles = "SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    assert ask(mine, roles) == "f|f\n"


def test_the_operators_role_reads_no_history(stage: Stage) -> None:
    url = stage.postgres.url("jvscheduler_operator", "three")
    for statement in ("TABLE jvscheduler.object", "TABLE ns_isolated_mine.object"):
        with pytest.raises(CommandError, match="permission denied"):
            execute(url, statement)


def test_a_restart_with_nothing_changed_writes_nothing(stage: Stage, tmp_path: Path) -> None:
    mine = Shop(stage.server, "isolated-mine")
    kinds = (TASKS, "cronjobs", "secrets")
    before = {kind: mine.all(kind) for kind in kinds}
    with run_operator(stage.kubeconfig, tmp_path, variables=stage.variables()):
        (later,) = shops(stage, "isolated-later")
        later.apply_task("afterwards")  # queued behind those that were there at the start
        later.wait_until_ready("afterwards")
    assert {kind: mine.all(kind) for kind in kinds} == before
    assert ask(mine, "SELECT 1") == "1\n"


def test_a_password_that_the_tenant_changed_is_set_again_at_the_restart(
    stage: Stage, tmp_path: Path
) -> None:
    mine = Shop(stage.server, "isolated-mine")
    ask(mine, "ALTER ROLE current_user PASSWORD 'mine alone'")
    with pytest.raises(CommandError, match="password authentication failed"):
        ask(mine, "SELECT 1")
    with run_operator(stage.kubeconfig, tmp_path, variables=stage.variables()):
        until_answered(mine)


def test_another_key_is_another_password_for_every_namespace(stage: Stage, tmp_path: Path) -> None:
    mine = Shop(stage.server, "isolated-mine")
    old = secret_url(mine)
    with run_operator(stage.kubeconfig, tmp_path, variables=stage.variables(OTHER_KEY)):
        eventually(lambda: secret_url(mine) != old, "another address")
        until_answered(mine)
    with pytest.raises(CommandError, match="password authentication failed"):
        execute(old.partition("?")[0], "SELECT 1")


def test_a_database_that_is_away_stops_no_task_and_is_reported(
    stage: Stage, tmp_path: Path
) -> None:
    (shop,) = shops(stage, "isolated-outage")
    stage.postgres.stop()
    with run_operator(stage.kubeconfig, tmp_path, variables=stage.variables()):
        shop.apply_task("restock")
        shop.wait_until_ready("restock")
        shop.apply_task("looped", backend="Loop")
        eventually(lambda: shop.all("deployments"), "the loop's Deployment")
        url = secret_url(shop)
        shop.delete("secret", names.DATABASE_SECRET)
        eventually(lambda: secret_url(shop) == url, "the Secret is written again")
        reported = shop.wait_for("restock", "Ready", "False", "HistoryNotReady")
        (message,) = (
            c["message"] for c in reported["status"]["conditions"] if c["type"] == "Ready"
        )
        assert "the database cannot be reached" in message
        stage.postgres.start()
        shop.wait_until_ready("restock")
        until_answered(shop)


def test_the_role_and_the_history_stay_after_the_last_task(stage: Stage, tmp_path: Path) -> None:
    (shop,) = shops(stage, "isolated-left")
    with run_operator(stage.kubeconfig, tmp_path, variables=stage.variables()) as operator:
        shop.apply_task("restock")
        shop.wait_until_ready("restock")
        until_answered(shop)
        shop.delete(TASKS, "restock")
        eventually(lambda: not shop.all("cronjobs"), "garbage collection")
        assert operator.end() == 0
    assert ask(shop, "SELECT count(*) FROM ns_isolated_left.object") == "0\n"


NOWHERE = "postgresql://jvscheduler_operator:three@127.0.0.1:1/jvscheduler"
PASSWORD = "a password of a namespace"  # noqa: S105 - of a test


def refusal(url: str) -> str:
    """Why the operator cannot make a namespace with this address."""
    with pytest.raises(RoleNotMade) as raised:
        asyncio.run(PostgresRoles(url).make("isolated-early", PASSWORD))
    assert "three" not in str(raised.value)
    return str(raised.value)


def test_the_reason_of_a_failure_names_the_fix_and_no_password(stage: Stage) -> None:
    operator, owner = (
        stage.postgres.url(role, password)
        for role, password in (("jvscheduler_operator", "three"), ("jvscheduler_owner", "one"))
    )
    assert "cannot be reached (ConnectionRefusedError)" in refusal(NOWHERE)
    wrong = stage.postgres.url("jvscheduler_operator", "another")
    assert "refuses the operator's user or password (SQLSTATE 28P01)" in refusal(wrong)
    rename = "ALTER FUNCTION jvscheduler.{}(text, text) RENAME TO {}"
    execute(owner, rename.format("make_namespace", "not_yet"))
    try:
        assert "run `python -m jvscheduler_server.migrate`" in refusal(operator)
    finally:
        execute(owner, rename.format("not_yet", "make_namespace"))
    asyncio.run(PostgresRoles(operator).make("isolated-early", PASSWORD))
