"""The requirements of an image, and the message about an image that lacks one."""

import ast
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from jvscheduler import images

RUNNER = Path(__file__).parents[2] / "runner"

RUNC = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: error during container init: "
)


@dataclass(frozen=True)
class Case:
    name: str
    message: str
    text: str


CASES = [
    Case(
        "no Python, by runc",
        f'{RUNC}exec: "python3": executable file not found in $PATH: unknown',
        'no program "python3" in the image: the image needs Python 3.11 or newer',
    ),
    Case(
        "no such path, by runc",
        f'{RUNC}exec: "/srv/bin/python": stat /srv/bin/python: no such file or directory: unknown',
        'no program "/srv/bin/python" in the image',
    ),
    Case(
        "no Python, by crun",
        "executable file `python3` not found in $PATH: No such file or directory",
        'no program "python3" in the image',
    ),
    Case(
        "no such path, by crun",
        "crun: executable file '/srv/bin/python': No such file or directory",
        'no program "/srv/bin/python" in the image',
    ),
    Case(
        "no package",
        "/usr/bin/python3: Error while finding module specification for 'jvscheduler.runner' "
        "(ModuleNotFoundError: No module named 'jvscheduler')\n",
        "jvscheduler is not installed for the image's python3: the image needs",
    ),
    Case(
        "a package of another name in its place",
        "/usr/bin/python3: No module named jvscheduler.worker\n",
        "jvscheduler is not installed for the image's python3",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_fault_of_an_image_is_told_with_the_fix(case: Case) -> None:
    found = images.fault(case.message)
    assert found is not None
    assert case.text in found
    assert "jvscheduler[runner]" in found


@pytest.mark.parametrize(
    "message",
    [
        None,
        "",
        "Error",
        "ModuleNotFoundError: No module named 'numpy'",
        "ModuleNotFoundError: No module named 'jvscheduler_extras'",
        "OSError: exec: no such file",
    ],
)
def test_another_message_is_no_fault_of_the_image(message: str | None) -> None:
    assert images.fault(message) is None


def without_packages(code: str) -> "subprocess.CompletedProcess[str]":
    """Run the code in a Python that has our package and no other."""
    script = f"import sys\nsys.path.append({str(RUNNER)!r})\n{code}"
    command = [sys.executable, "-I", "-S", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("module", ["runner", "worker"])
def test_an_image_without_the_extra_says_what_to_install(module: str) -> None:
    start = f"import runpy; runpy.run_module('jvscheduler.{module}', run_name='__main__')"
    done = without_packages(start)
    assert done.returncode == os.EX_CONFIG
    found = images.fault(done.stderr)
    assert found is not None
    assert "the package jvspatial is missing; install 'jvscheduler[runner]'" in found


def test_an_older_python_says_so_before_anything_else() -> None:
    done = without_packages("sys.version_info = (3, 9, 2, 'final', 0)\nimport jvscheduler")
    assert done.returncode == 1
    found = images.fault(done.stderr)
    assert found is not None
    assert found.startswith("jvscheduler needs Python 3.11 or newer, and this is Python ")


def test_an_older_python_can_read_the_check() -> None:
    ast.parse((RUNNER / "jvscheduler/__init__.py").read_text(), feature_version=(3, 6))
