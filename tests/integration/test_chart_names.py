"""A release and its namespace may have any name that Helm and Kubernetes accept.

YAML reads some of them as numbers, truth values or nothing, unless they are quoted. The API server
judges all objects that helm renders.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.api_server import ApiServer
from tests.support.chart import CHART

NAMESPACES = ["1234", "true"]
RELEASES = ["123", "true", "null", "1e3", "0x1f", "on", "1.5", "1-jvscheduler"]
"""Each is a valid name of a release. YAML reads the first seven as something else than a text."""

VALUES: dict[str, dict[str, Any]] = {
    "with all that is bundled": {
        "image": {"registry": "1/", "pullSecrets": [{"name": "123"}]},
        "operator": {"image": {"repository": "123", "tag": "45"}},
        "server": {"image": {"repository": "1e3", "tag": "0x1f"}, "service": {"port": 80}},
        "postgresql": {
            "image": {"repository": "12", "tag": "34"},
            "storage": {"size": "1Gi", "storageClassName": "123", "keep": False},
        },
        "policy": {"podTemplates": "baseline", "allowedServiceAccounts": ["123", "1234/5"]},
        "networkPolicy": {
            "databaseFrom": [{"namespaceSelector": {"matchLabels": {"tier": "1"}}}],
            "serverFrom": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
        },
        "crds": {"keep": False},
    },
    "with a database of one's own": {
        "watchNamespaces": ["1234"],
        "database": {"existingSecret": "123", "isolation": "namespaces", "giveRestTo": "1234"},
        "auth": {
            "mode": "proxy",
            "aggregation": False,
            "proxy": {"addresses": ["10.1.0.0"], "userHeader": "1", "groupsHeader": "true"},
        },
    },
    "without policies": {
        "policy": {"checkAuthors": False, "confineOperator": False, "podTemplates": "any"},
        "auth": {"mode": "none"},
        "networkPolicy": {"enabled": False},
    },
}


@pytest.fixture(scope="module")
def server(api_server: ApiServer) -> Iterator[ApiServer]:
    for namespace in NAMESPACES:
        api_server.kubectl("create", "namespace", namespace)
    yield api_server
    api_server.kubectl("delete", "namespace", "--wait=false", *NAMESPACES)


def as_rendered(helm: Path, release: str, namespace: str, values: dict[str, Any]) -> str:
    command = [str(helm), "template", release, str(CHART), "--namespace", namespace, "-f", "-"]
    done = subprocess.run(
        command, input=json.dumps(values), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_taken_whole(server: ApiServer, release: str, namespace: str, text: str) -> None:
    objects = [o for o in yaml.safe_load_all(text) if o]
    answer = server.kubectl("apply", "--dry-run=server", "-f", "-", stdin=text)
    assert len(answer.splitlines()) == len(objects) > 10
    for found in objects:
        assert found["metadata"].get("namespace") in (None, "kube-system", namespace)
        # The CRD has no labels.
        labels = found["metadata"].get("labels", {})
        assert labels.get("app.kubernetes.io/instance") in (None, release)


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_may_have_any_name(release: str, helm: Path, server: ApiServer) -> None:
    for namespace in NAMESPACES:
        text = as_rendered(helm, release, namespace, {})
        is_taken_whole(server, release, namespace, text)


@pytest.mark.parametrize("values", VALUES)
def test_no_value_becomes_another_kind_of_value(values: str, helm: Path, server: ApiServer) -> None:
    text = as_rendered(helm, "123", "1234", VALUES[values])
    is_taken_whole(server, "123", "1234", text)


def test_every_value_that_a_template_fills_in_is_quoted() -> None:
    scalar = re.compile(r"^\s*(?:- )?[\w./-]+: (?!\{\{- )(.*\{\{.*)$")
    for path in (CHART / "templates").rglob("*.[yt]*l"):
        for line in path.read_text().splitlines():
            found = scalar.match(line)
            # JSON has its own quotes.
            quoted = r'^"|\btoJson\b|\| quote \}\}\]?$'
            assert found is None or re.search(quoted, found[1]), f"{path}: {line}"
