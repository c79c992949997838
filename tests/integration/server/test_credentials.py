"""The chart's hook Job on a real API server, with the rights that the chart gives it."""

import base64
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.api_server import ApiServer
from tests.cluster.errors import CommandError
from tests.support.chart import CHART
from tests.support.operator.process import token_kubeconfig

RELEASE = "jvscheduler"
ACCOUNT = f"{RELEASE}-credentials"
DATABASE, TLS = f"{RELEASE}-postgresql", f"{RELEASE}-postgresql-tls"
AUTHORITY, API = f"{RELEASE}-authority", f"{RELEASE}-api-tls"


@dataclass(frozen=True)
class Namespace:
    """A release's namespace, in which the Job's account and rights are as rendered."""

    server: ApiServer
    name: str
    folder: Path

    def rendered(self) -> dict[str, dict[str, Any]]:
        shown = self.server.helm("template", RELEASE, str(CHART), "-n", self.name)
        objects = [o for o in yaml.safe_load_all(shown) if o]
        return {f"{o['kind']}/{o['metadata']['name']}": o for o in objects}

    def prepare(self) -> Path:
        """Returns the kubeconfig of the Job's account."""
        objects = self.rendered()
        before = [
            objects[f"{kind}/{ACCOUNT}"] for kind in ("ServiceAccount", "Role", "RoleBinding")
        ]
        self.server.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(before))
        return token_kubeconfig(self.server, self.folder, ACCOUNT, self.name)

    def run(self, kubeconfig: Path) -> subprocess.CompletedProcess[str]:
        """The Job's container, by its own command and arguments."""
        job = self.rendered()[f"Job/{ACCOUNT}"]["spec"]["template"]["spec"]
        (container,) = job["containers"]
        command = [sys.executable, *container["command"][1:], *container["args"]]
        command += ["--kubeconfig", str(kubeconfig)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def secret(self, name: str) -> dict[str, str]:
        found = json.loads(
            self.server.kubectl("get", "secret", name, "-n", self.name, "-o", "json")
        )
        return {k: base64.b64decode(v).decode() for k, v in found["data"].items()}

    def may(self, kubeconfig: Path, *words: str) -> bool:
        by = f"--kubeconfig={kubeconfig}"
        return self.server.answers("auth", "can-i", *words, by, "-n", self.name)

    def secrets(self) -> dict[str, dict[str, str]]:
        return {name: self.secret(name) for name in (DATABASE, AUTHORITY, TLS, API)}


@pytest.fixture
def namespace(api_server: ApiServer, request: pytest.FixtureRequest, tmp_path: Path) -> Namespace:
    words = re.findall("[a-z0-9]+", request.node.name.removeprefix("test_").lower())
    name = "-".join(words)[:50].strip("-")
    api_server.kubectl("create", "namespace", name)
    return Namespace(api_server, name, tmp_path)


def test_the_secrets_are_made_once(namespace: Namespace) -> None:
    kubeconfig = namespace.prepare()
    first = namespace.run(kubeconfig)
    assert first.returncode == 0, first.stderr
    assert f"the Secret {AUTHORITY} is made, with ca.crt, ca.key" in first.stderr
    made = namespace.secrets()
    assert f"@{DATABASE}.{namespace.name}.svc:5432/" in made[DATABASE]["url"]
    assert not any(value in first.stderr for value in made[DATABASE].values())
    second = namespace.run(kubeconfig)
    for name in (DATABASE, AUTHORITY, TLS, API):
        assert f"the Secret {name} is as it was" in second.stderr
    assert namespace.secrets() == made


def test_a_lost_secret_is_made_anew_and_the_others_stay(namespace: Namespace) -> None:
    kubeconfig = namespace.prepare()
    namespace.run(kubeconfig)
    before = namespace.secrets()
    namespace.server.kubectl("delete", "secret", TLS, "-n", namespace.name)
    assert namespace.run(kubeconfig).returncode == 0
    after = namespace.secrets()
    assert {name for name in after if after[name] != before[name]} == {TLS}


def test_the_accounts_rights_are_for_the_releases_secrets(namespace: Namespace) -> None:
    kubeconfig = namespace.prepare()
    namespace.server.kubectl("create", "secret", "generic", "other", "-n", namespace.name)
    for right in (("get", f"secret/{DATABASE}"), ("patch", f"secret/{TLS}"), ("create", "secrets")):
        assert namespace.may(kubeconfig, *right), right
    for right in (
        ("get", "secret/other"),
        ("patch", "secret/other"),
        ("list", "secrets"),
        ("delete", f"secret/{DATABASE}"),
        ("create", "pods"),
    ):
        assert not namespace.may(kubeconfig, *right), right


def test_what_cannot_be_read_is_named_and_left_alone(namespace: Namespace) -> None:
    kubeconfig = namespace.prepare()
    words = ("create", "secret", "generic", AUTHORITY, "--from-literal=ca.crt=mine")
    namespace.server.kubectl(*words, "-n", namespace.name)
    done = namespace.run(kubeconfig)
    assert done.returncode == 78
    assert f"the Secret {AUTHORITY} has no usable ca.crt and ca.key" in done.stderr
    assert namespace.secret(AUTHORITY) == {"ca.crt": "mine"}


def test_without_rights_nothing_is_made_and_it_says_so(namespace: Namespace) -> None:
    kubeconfig = namespace.prepare()
    namespace.server.kubectl("delete", "rolebinding", ACCOUNT, "-n", namespace.name)
    done = namespace.run(kubeconfig)
    assert done.returncode == 1
    assert "the Secrets cannot be made: 403" in done.stderr


def an_earlier_chart(folder: Path, *, keeps: bool) -> Path:
    """A chart that makes the passwords itself, as ours did before."""
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("{apiVersion: v2, name: jvscheduler, version: 0.0.1}")
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": DATABASE,
            "annotations": {"helm.sh/resource-policy": "keep"} if keeps else {},
        },
        "stringData": {
            "owner-password": "old-owner",
            "server-password": "old-server",
            "operator-password": "old-operator",
            "namespace-key": "k" * 48,
            "url": "postgresql://jvscheduler_server:old-server@plain:5432/jvscheduler",
        },
    }
    (folder / "templates/secret.yaml").write_text(yaml.safe_dump(secret))
    return folder


@pytest.mark.parametrize("keeps", [True, False])
def test_an_earlier_release_keeps_its_passwords(keeps: bool, namespace: Namespace) -> None:
    """Helm deletes what the new chart no longer has, also where the old one did not keep it."""
    helm, where = namespace.server.helm, ("-n", namespace.name)
    helm("install", RELEASE, str(an_earlier_chart(namespace.folder / "old", keeps=keeps)), *where)
    kubeconfig = namespace.prepare()
    done = namespace.run(kubeconfig)
    assert done.returncode == 0, done.stderr
    # The objects that Helm upgrades to are not of interest: only which ones it deletes.
    new = namespace.folder / "new"
    (new / "templates").mkdir(parents=True)
    (new / "Chart.yaml").write_text("{apiVersion: v2, name: jvscheduler, version: 0.0.2}")
    helm("upgrade", RELEASE, str(new), *where)
    data = namespace.secret(DATABASE)
    assert (data["owner-password"], data["namespace-key"]) == ("old-owner", "k" * 48)
    assert data["url"].startswith("postgresql://jvscheduler_server:old-server@")
    assert "sslmode=verify-full" in data["url"]
    helm("uninstall", RELEASE, *where)
    assert namespace.secret(DATABASE) == data


def test_two_runs_at_once_do_not_overwrite_each_other(namespace: Namespace) -> None:
    """The second to create a Secret fails, and the Job's next pod takes over what there is."""
    kubeconfig = namespace.prepare()
    job = namespace.rendered()[f"Job/{ACCOUNT}"]["spec"]["template"]["spec"]["containers"][0]
    command = [sys.executable, *job["command"][1:], *job["args"], "--kubeconfig", str(kubeconfig)]
    runs = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert 0 in [run.wait(60) for run in runs]
    made = namespace.secrets()
    assert namespace.run(kubeconfig).returncode == 0
    assert namespace.secrets() == made


def test_nobody_reads_the_authoritys_key_but_the_job(namespace: Namespace) -> None:
    named = ("Role", "ValidatingAdmissionPolicy")  # what says who may
    others = [o for name, o in namespace.rendered().items() if not any(n in name for n in named)]
    mounted = yaml.safe_dump(others)
    assert AUTHORITY not in mounted
    with pytest.raises(CommandError, match="not found"):
        namespace.secret(AUTHORITY)
