"""The chart's database, and who gets which address of it."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jvscheduler.environment import DATABASE_AUTHORITY_FILE
from jvscheduler_server.credentials.decide import Installation, decide
from tests.cluster.api_server import ApiServer
from tests.cluster.errors import CommandError
from tests.support.chart import CHART, operator_variables, rendered, template


def test_ones_own_database_replaces_the_bundled_one(helm: Path) -> None:
    objects = rendered(helm, "database.existingSecret=mine")
    assert not [name for name in objects if "postgresql" in name]
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


def mounted_authority(pod: dict[str, Any], container: dict[str, Any]) -> dict[str, Any] | None:
    """The source of the volume in which the container finds the database's authority."""
    folder = str(Path(DATABASE_AUTHORITY_FILE).parent)
    names = [m["name"] for m in container["volumeMounts"] if m["mountPath"] == folder]
    found = [v for v in pod["volumes"] if v["name"] in names]
    return {k: v for k, v in found[0].items() if k != "name"} if found else None


ONE_FILE = [{"key": "ca.crt", "path": "ca.crt"}]
AUTHORITIES: dict[tuple[str, ...], dict[str, Any] | None] = {
    (): {"secret": {"secretName": "jvscheduler-postgresql-tls", "items": ONE_FILE}},
    ("postgresql.tls.existingSecret=own",): {"secret": {"secretName": "own", "items": ONE_FILE}},
    ISOLATED: None,
    (*ISOLATED, "database.ca.secret=a"): {"secret": {"secretName": "a", "items": ONE_FILE}},
    (*ISOLATED, "database.ca.configMap=a"): {"configMap": {"name": "a", "items": ONE_FILE}},
    ("database.existingSecret=mine", "database.ca.configMap=a"): {
        "configMap": {"name": "a", "items": ONE_FILE}
    },
}


@pytest.mark.parametrize(("values", "source"), AUTHORITIES.items(), ids=str)
def test_each_part_has_the_file_that_verifies_the_database(
    values: tuple[str, ...], source: dict[str, Any] | None, helm: Path
) -> None:
    objects = rendered(helm, *values)
    for part in ("operator", "server"):
        pod = objects[f"Deployment/jvscheduler-{part}"]["spec"]["template"]["spec"]
        for container in [*pod.get("initContainers", ()), *pod["containers"]]:
            assert mounted_authority(pod, container) == source, container["name"]
    variables = operator_variables(helm, *values)
    # The operator passes it on to the namespaces of tasks.
    expected = DATABASE_AUTHORITY_FILE if source else None
    assert variables.get("JVSCHEDULER_DATABASE_AUTHORITY") == expected


def arguments_of_job(objects: dict[str, dict[str, Any]]) -> list[str]:
    pod = objects["Job/jvscheduler-credentials"]["spec"]["template"]["spec"]
    return list(pod["containers"][0]["args"])


def test_the_job_makes_the_secrets_that_the_parts_read(helm: Path) -> None:
    objects = rendered(helm)
    assert arguments_of_job(objects)[:3] == [
        "--name=jvscheduler",
        "--namespace=jvscheduler",
        "--instance=jvscheduler",
    ]
    assert arguments_of_job(objects)[3:] == ["--database", "--sign-database", "--sign-api"]
    made = Installation("jvscheduler", "jvscheduler", True, True, True)
    server = objects["Deployment/jvscheduler-server"]["spec"]["template"]["spec"]
    (api,) = [v for v in server["volumes"] if v["name"] == "api"]
    assert api["secret"]["secretName"] == made.api_certificate
    database = objects["StatefulSet/jvscheduler-postgresql"]["spec"]["template"]["spec"]
    (certificate,) = [v for v in database["volumes"] if v["name"] == "certificate"]
    assert certificate["secret"]["secretName"] == made.database_certificate
    assert {i["key"] for i in certificate["secret"]["items"]} == {"tls.crt", "tls.key"}
    data = decide(made, {}, datetime.now(UTC))[made.database]
    assert {*MIGRATION_KEYS.values(), *OPERATOR_KEYS.values(), "owner-password"} <= set(data)


JOBS = {
    (): Installation("jvscheduler", "jvscheduler", True, True, True),
    ("postgresql.tls.existingSecret=own",): Installation(
        "jvscheduler", "jvscheduler", True, False, True
    ),
    ("auth.aggregation=false",): Installation("jvscheduler", "jvscheduler", True, True, False),
    ISOLATED: Installation("jvscheduler", "jvscheduler", False, False, True),
    ("auth.aggregation=false", "postgresql.tls.existingSecret=own"): Installation(
        "jvscheduler", "jvscheduler", True, False, False
    ),
}


@pytest.mark.parametrize(("values", "installation"), JOBS.items(), ids=str)
def test_the_job_makes_only_what_is_needed_and_may_no_more(
    values: tuple[str, ...], installation: Installation, helm: Path
) -> None:
    objects = rendered(helm, *values)
    wanted = {
        "--database": installation.has_database,
        "--sign-database": installation.signs_database,
        "--sign-api": installation.signs_api,
    }
    assert arguments_of_job(objects)[3:] == [word for word, is_said in wanted.items() if is_said]
    (named, _) = objects["Role/jvscheduler-credentials"]["rules"]
    assert named["resourceNames"] == list(installation.secrets)


def test_where_nothing_is_to_be_made_there_is_no_job(helm: Path) -> None:
    objects = rendered(helm, *ISOLATED, "auth.aggregation=false")
    assert not [name for name in objects if "credentials" in name]


def test_a_certificate_of_the_users_is_the_databases(helm: Path) -> None:
    objects = rendered(helm, "postgresql.tls.existingSecret=own")
    database = objects["StatefulSet/jvscheduler-postgresql"]["spec"]["template"]["spec"]
    (certificate,) = [v for v in database["volumes"] if v["name"] == "certificate"]
    assert certificate["secret"]["secretName"] == "own"


def test_nothing_in_the_chart_is_drawn_at_random(helm: Path) -> None:
    assert rendered(helm) == rendered(helm)


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
    # The CRD may be there from the tests of other files.
    command = ("template", "jvscheduler", str(CHART), "-n", "mongo-release", "--take-ownership")
    for url, refusal in (
        ("mongodb://user:secret@host:27017/jobs", "set database.isolation=none"),
        ("postgresql://user:secret@host/jobs", None),
    ):
        place = ("history", "-n", "mongo-release")
        api_server.kubectl("delete", "secret", *place, "--ignore-not-found")
        api_server.kubectl("create", "secret", "generic", *place, f"--from-literal=url={url}")
        if refusal is None:
            api_server.helm(*command, "--dry-run=server", *values)
        else:
            with pytest.raises(CommandError, match=refusal) as raised:
                api_server.helm(*command, "--dry-run=server", *values)
            assert "user:secret" not in str(raised.value)
    api_server.helm(*command, *values)  # nobody to ask: the migration refuses it
