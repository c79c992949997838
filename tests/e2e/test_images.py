"""The images keep what they promise: no root, no writing, no compiler, the tested Python."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.plugin import Images, RunningCluster

NAMESPACE = "images"
ROLES = ("operator", "server", "runner", "shop")
LOOK_AROUND = """
import json, os, shutil, sys
from pathlib import Path

def can_write(folder):
    try:
        (Path(folder) / "probe").touch()
    except OSError:
        return False
    return True

import jvscheduler

folders = ["/", "/app", "/opt/jvscheduler", "/tmp", os.path.dirname(jvscheduler.__file__)]
tools = ["cc", "gcc", "g++", "clang", "ld", "make"]
print(json.dumps({
    "user": os.getuid(),
    "python": list(sys.version_info[:2]),
    "tools": [tool for tool in tools if shutil.which(tool)],
    "pip": [str(p) for p in Path(sys.prefix).rglob("site-packages/pip")],
    "writable": [folder for folder in folders if can_write(folder)],
    "bytecode": Path(jvscheduler.__cached__).exists(),
}))
"""


def pod(role: str, image: str) -> dict[str, Any]:
    security = {
        "runAsNonRoot": True,
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {
        "name": "look",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-c", LOOK_AROUND],
        "securityContext": security,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": role, "namespace": NAMESPACE},
        "spec": {"restartPolicy": "Never", "containers": [container]},
    }


@pytest.fixture(scope="module")
def seen(cluster: RunningCluster, images: Images) -> Iterator[dict[str, dict[str, Any]]]:
    """What a program in each image sees, as a pod under the `restricted` standard."""
    cluster.kubectl("create", "namespace", NAMESPACE)
    try:
        enforce = "pod-security.kubernetes.io/enforce=restricted"
        cluster.kubectl("label", "namespace", NAMESPACE, enforce)
        pods = [pod(role, images.names()[role]) for role in ROLES]
        items = json.dumps({"apiVersion": "v1", "kind": "List", "items": pods})
        cluster.kubectl("apply", "-f", "-", stdin=items)
        done = "--for=jsonpath={.status.phase}=Succeeded"
        cluster.kubectl("-n", NAMESPACE, "wait", done, "pod", "--all", "--timeout=120s")
        yield {role: json.loads(cluster.kubectl("-n", NAMESPACE, "logs", role)) for role in ROLES}
    finally:
        cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.mark.parametrize("role", ROLES)
def test_it_runs_as_nobody_in_particular(seen: dict[str, dict[str, Any]], role: str) -> None:
    assert seen[role]["user"] == 65532


@pytest.mark.parametrize("role", ROLES)
def test_it_needs_no_place_to_write(seen: dict[str, dict[str, Any]], role: str) -> None:
    assert seen[role]["writable"] == []


@pytest.mark.parametrize("role", ROLES)
def test_nothing_in_it_builds_or_installs_programs(
    seen: dict[str, dict[str, Any]], role: str
) -> None:
    assert seen[role]["tools"] == []
    assert seen[role]["pip"] == []


@pytest.mark.parametrize("role", ROLES)
def test_its_python_is_the_tested_one_and_starts_from_bytecode(
    seen: dict[str, dict[str, Any]], role: str
) -> None:
    assert tuple(seen[role]["python"]) == sys.version_info[:2]
    assert seen[role]["bytecode"]
