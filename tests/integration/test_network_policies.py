"""Who may reach the pods of the chart, and images that are pinned by their digest."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from jvscheduler import names
from tests.cluster.api_server import ApiServer
from tests.cluster.binaries import find_binaries
from tests.cluster.settings import read_settings

CHART = Path(__file__).parents[2] / "charts" / "jvscheduler"
DIGEST = f"sha256:{'a' * 64}"


@pytest.fixture(scope="module")
def helm() -> Path:
    return find_binaries(read_settings()).helm


def render(helm: Path, *values: str) -> str:
    command = [str(helm), "template", "jvscheduler", str(CHART)]
    sets = [word for value in values for word in ("--set", value)]
    return subprocess.run([*command, *sets], capture_output=True, text=True, check=True).stdout


def policies(helm: Path, *values: str) -> dict[str, dict[str, Any]]:
    """The specs by the name of the part."""
    objects = [o for o in yaml.safe_load_all(render(helm, *values)) if o]
    found = [o for o in objects if o["kind"] == "NetworkPolicy"]
    return {o["metadata"]["name"].removeprefix("jvscheduler-"): o["spec"] for o in found}


def test_each_part_has_a_policy_that_selects_its_pods(helm: Path) -> None:
    objects = [o for o in yaml.safe_load_all(render(helm)) if o]
    workloads = {o["metadata"]["name"]: o for o in objects if "template" in o.get("spec", {})}
    found = policies(helm)
    assert {f"jvscheduler-{part}" for part in found} == set(workloads)
    for part, policy in found.items():
        labels = workloads[f"jvscheduler-{part}"]["spec"]["template"]["metadata"]["labels"]
        assert policy["podSelector"]["matchLabels"].items() <= labels.items()
        assert policy["policyTypes"] == ["Ingress"]


def test_only_this_release_tasks_and_loops_reach_the_database(helm: Path) -> None:
    (rule,) = policies(helm)["postgresql"]["ingress"]
    assert rule["ports"] == [{"port": "postgresql"}]
    own, *others = rule["from"]
    assert own["podSelector"]["matchLabels"]["app.kubernetes.io/instance"] == "jvscheduler"
    assert "namespaceSelector" not in own
    labels = [other["podSelector"]["matchExpressions"] for other in others]
    assert labels == [
        [{"key": key, "operator": "Exists"}] for key in (names.TASK_LABEL, names.LOOP_LABEL)
    ]


def test_nobody_reaches_the_operator_and_all_reach_the_servers_ports(helm: Path) -> None:
    found = policies(helm)
    assert found["operator"]["ingress"] == []
    assert found["server"]["ingress"] == [{"ports": [{"port": "http"}, {"port": "https"}]}]


def test_further_peers_are_values(helm: Path) -> None:
    values = (
        "networkPolicy.databaseFrom[0].ipBlock.cidr=10.0.0.0/8",
        "networkPolicy.serverFrom[0].namespaceSelector.matchLabels.name=ingress",
    )
    found = policies(helm, *values)
    assert found["postgresql"]["ingress"][0]["from"][-1] == {"ipBlock": {"cidr": "10.0.0.0/8"}}
    assert found["server"]["ingress"][0]["from"] == [
        {"namespaceSelector": {"matchLabels": {"name": "ingress"}}}
    ]


def test_there_is_none_for_what_is_not_there(helm: Path) -> None:
    assert policies(helm, "networkPolicy.enabled=false") == {}
    own = policies(helm, "database.existingSecret=mine")
    assert set(own) == {"server", "operator", "credentials"}
    neither = policies(helm, "database.existingSecret=mine", "auth.aggregation=false")
    assert set(neither) == {"server", "operator"}


def test_the_api_server_accepts_them(helm: Path, api_server: ApiServer, tmp_path: Path) -> None:
    values = ("networkPolicy.serverFrom[0].ipBlock.cidr=10.0.0.0/8",)
    found = [o for o in yaml.safe_load_all(render(helm, *values)) if o]
    manifest = tmp_path / "policies.yaml"
    manifest.write_text(yaml.safe_dump_all(o for o in found if o["kind"] == "NetworkPolicy"))
    done = api_server.kubectl("apply", "--dry-run=server", "-f", str(manifest))
    assert done.count("created (server dry run)") == 4


@pytest.mark.parametrize("part", ["operator", "server", "postgresql"])
def test_an_image_is_pinned_by_its_digest(part: str, helm: Path) -> None:
    text = render(helm, f"{part}.image.digest={DIGEST}")
    images = {line.split()[-1].strip('"') for line in text.splitlines() if f"@{DIGEST}" in line}
    repository = "postgres" if part == "postgresql" else f"jvscheduler/{part}"
    (image,) = images
    assert image.startswith(f"{repository}:")
    # The init containers "migrate" and "prepare" have it too, and the Job "credentials". Loops run
    # the server's image, of which the operator is told.
    assert text.count(f"@{DIGEST}") == {"operator": 1, "server": 4, "postgresql": 2}[part]


def test_a_digest_that_is_none_is_refused(helm: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        render(helm, "server.image.digest=latest")
    assert "digest" in refused.value.stderr
