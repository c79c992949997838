"""The product as a user has it: installed and used by the README's own commands, once a session.

All tasks are applied together, because each needs the next full minute and
minutes are what these tests cost.
"""

import os
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from jvscheduler.names import GROUP, PLURAL
from tests.cluster.plugin import Images, RunningCluster
from tests.e2e.installation import FAULTS, NAMESPACE, SHOP, Installation
from tests.support.readme import ROOT, shell_snippets

OOM_LIMIT = "256Mi"
"""Less than the task that allocates for ever may reach, more than the runner needs."""


def shell(command: str, cluster: RunningCluster) -> str:
    """Runs a README snippet as a user's shell would; its output, or what went wrong."""
    env = {**os.environ, **cluster.environment}
    env["PATH"] = f"{ROOT / '.venv/bin'}:{env['PATH']}"
    script = ["bash", "-euo", "pipefail", "-c", command]
    done = subprocess.run(
        script, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def installation(cluster: RunningCluster, images: Images) -> Installation:
    """The chart installed, and the example's tasks applied, by the README's commands."""
    assert images.operator, "the images are loaded before the chart is installed"
    found = install(cluster)
    shell(shell_snippets("On a cluster")[2], cluster)
    cluster.kubectl("label", "ns", SHOP, "pod-security.kubernetes.io/enforce=restricted")
    return found


def install(cluster: RunningCluster) -> Installation:
    """By the README's command."""
    remove_earlier(cluster)
    shell(shell_snippets("On a cluster")[1], cluster)
    return Installation(cluster)


def remove_earlier(cluster: RunningCluster) -> None:
    """What an earlier session left on a cluster that was kept."""
    cluster.helm("uninstall", "jvscheduler", "-n", NAMESPACE, "--ignore-not-found", "--wait")
    cluster.kubectl("delete", "ns", SHOP, FAULTS, NAMESPACE, "--ignore-not-found", "--timeout=120s")
    cluster.kubectl("delete", "crd", f"{PLURAL}.{GROUP}", "--ignore-not-found")


@pytest.fixture(scope="session")
def faulty(installation: Installation, images: Images) -> Mapping[str, str]:
    """Tasks that misbehave, applied: resource names by function."""
    built = shell(
        f"cd tests/e2e/image && jvscheduler build faulty.tasks --image {images.faulty} "
        f"--namespace {SHOP}",
        installation.cluster,
    )
    resources = [with_memory_limit(r) for r in yaml.safe_load_all(built)]
    installation.cluster.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(resources))
    return {r["spec"]["taskID"].split(".")[-1]: r["metadata"]["name"] for r in resources}


def with_memory_limit(resource: dict[str, Any]) -> dict[str, Any]:
    limits = {"memory": OOM_LIMIT}
    container = {"name": "task", "resources": {"limits": limits, "requests": limits}}
    template = {"spec": {"containers": [container]}}
    return {**resource, "spec": {**resource["spec"], "template": template}}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that stop a part come last, so that they disturb no other's minute."""
    items.sort(key=lambda item: item.get_closest_marker("disruptive") is not None)
