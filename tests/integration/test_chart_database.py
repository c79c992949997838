"""The chart's database, and who gets which address of it."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from jvscheduler_operator.settings import from_environment
from jvscheduler_server.migrate.settings import read_settings as read_migration
from tests.cluster.api_server import ApiServer
from tests.cluster.errors import CommandError
from tests.support.chart import CHART, rendered, template


def test_ones_own_database_replaces_the_bundled_one(helm: Path) -> None:
    objects = rendered(helm, "database.existingSecret=mine")
    assert not [name for name in objects if "postgresql" in name or name.startswith("Secret/")]
    for part in ("operator", "server"):
        pod = objects[f"Deployment/jvscheduler-{part}"]["spec"]["template"]["spec"]
        assert secret_variables(pod["containers"][0], "mine") == {"JVSCHEDULER_DATABASE_URL": "url"}
        assert "initContainers" not in pod


WANTED = "database.isolation=namespaces"
ISOLATED = "database.existingSecret=mine", WANTED
OPERATOR_KEYS = {
    "JVSCHEDULER_OPERATOR_DATABASE_URL": "operator-url",
    "JVSCHEDULER_NAMESPACE_PASSWORD_KEY": "namespace-key",
}
MIGRATION_KEYS = {
    "JVSCHEDULER_DATABASE_ADMIN_URL": "admin-url",
    "JVSCHEDULER_DATABASE_URL": "url",
    "JVSCHEDULER_OPERATOR_DATABASE_URL": "operator-url",
}


@pytest.mark.parametrize(
    ("values", "secret"), [(ISOLATED, "mine"), ((), "jvscheduler-postgresql")], ids=str
)
def test_each_part_has_the_address_of_its_own_role_only(
    values: tuple[str, ...], secret: str, helm: Path
) -> None:
    objects = rendered(helm, *values)
    operator, server = (
        objects[f"Deployment/jvscheduler-{part}"]["spec"]["template"]["spec"]
        for part in ("operator", "server")
    )
    assert secret_variables(operator["containers"][0], secret) == OPERATOR_KEYS
    assert secret_variables(server["containers"][0], secret) == {"JVSCHEDULER_DATABASE_URL": "url"}
    (migrate,) = server["initContainers"]
    assert migrate["command"] == ["python", "-m", "jvscheduler_server.migrate"]
    assert secret_variables(migrate, secret) == MIGRATION_KEYS


def secret_variables(container: dict[str, Any], secret: str) -> dict[str, str]:
    """The variables of the container that come from this Secret, and their keys in it."""
    references = {
        v["name"]: v["valueFrom"]["secretKeyRef"] for v in container["env"] if "valueFrom" in v
    }
    assert {reference["name"] for reference in references.values()} == {secret}
    return {name: reference["key"] for name, reference in references.items()}


def test_the_bundled_secret_has_what_migration_server_and_operator_read(helm: Path) -> None:
    data = rendered(helm)["Secret/jvscheduler-postgresql"]["stringData"]
    variables = {**MIGRATION_KEYS, **OPERATOR_KEYS}
    environ = {name: data[key] for name, key in variables.items()}
    chosen = from_environment(environ)
    assert chosen.isolation is not None
    assert "@jvscheduler-postgresql.jvscheduler.svc:5432/jvscheduler?schema=ns_shop" in (
        chosen.isolation.url_of("shop")
    )
    migration = read_migration([], environ)
    assert (migration.server.role, migration.operator.role) == (
        "jvscheduler_server",
        "jvscheduler_operator",
    )
    assert data["owner-password"] in migration.admin_url
    passwords = {value for key, value in data.items() if key.endswith(("-password", "-key"))}
    assert len(passwords) == 4


def test_the_rest_of_0_1_0_goes_where_the_user_says(helm: Path) -> None:
    pod = rendered(helm, "database.giveRestTo=shop")["Deployment/jvscheduler-server"]["spec"]
    (migrate,) = pod["template"]["spec"]["initContainers"]
    assert migrate["args"] == ["--give-rest-to", "shop"]


def test_the_bundled_database_cannot_be_without_isolation(helm: Path) -> None:
    done = template(helm, "--set", "database.isolation=none")
    assert done.returncode != 0
    assert "needs database.existingSecret" in done.stderr


def notes(helm: Path, *values: str) -> str:
    sets = [word for value in values for word in ("--set", value)]
    command = ["install", "jvscheduler", str(CHART), "-n", "jvscheduler", "--dry-run=client"]
    done = subprocess.run([str(helm), *command, *sets], capture_output=True, text=True, check=True)
    return done.stdout.partition("NOTES:")[2]


def test_the_notes_warn_when_namespaces_are_not_isolated(helm: Path) -> None:
    warning = "WARNING, database.isolation: none"
    assert warning not in notes(helm)
    assert warning not in notes(helm, *ISOLATED)
    assert warning in notes(helm, "database.existingSecret=mine")


def test_a_mongodb_cannot_be_isolated(api_server: ApiServer) -> None:
    """The chart finds that out before anything is installed, where there is a cluster to ask."""
    api_server.kubectl("create", "namespace", "mongo-release")
    values = [f"--set={value}" for value in ("database.existingSecret=history", WANTED)]
    command = ("template", "jvscheduler", str(CHART), "-n", "mongo-release", "--dry-run=server")
    for url, refusal in (
        ("mongodb://user:secret@host:27017/jobs", "set database.isolation=none"),
        ("postgresql://user:secret@host/jobs", None),
    ):
        place = ("history", "-n", "mongo-release")
        api_server.kubectl("delete", "secret", *place, "--ignore-not-found")
        api_server.kubectl("create", "secret", "generic", *place, f"--from-literal=url={url}")
        if refusal is None:
            api_server.helm(*command, *values)
        else:
            with pytest.raises(CommandError, match=refusal) as raised:
                api_server.helm(*command, *values)
            assert "user:secret" not in str(raised.value)
    without = command[:-1]
    api_server.helm(*without, *values)  # nobody to ask: the migration refuses it
