"""The parts for Linux and macOS have the same names, and elsewhere there is a clear word."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from jvscheduler import kernel
from jvscheduler.errors import SchedulerError, UnsupportedPlatform

FOLDER = Path(kernel.__file__).parent
AS_WINDOWS = """
import argparse, asyncio, ctypes, logging, multiprocessing, subprocess, sys, tempfile, zoneinfo
{before}
sys.platform = {platform!r}
for name in ("fcntl", "resource", "pwd", "grp", "termios", "syslog"):
    sys.modules[name] = None
{code}
"""


def public_names(part: str) -> dict[str, str]:
    """Return each name with the types that its caller passes and gets. Neither part is imported."""
    found = {}
    for node in ast.parse((FOLDER / part).read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = called(node)
        elif isinstance(node, ast.ClassDef):
            found[node.name] = "class"
        elif isinstance(node, ast.AnnAssign):
            found[ast.unparse(node.target)] = ast.unparse(node.annotation)
    return {name: kind for name, kind in found.items() if name in kernel.__all__}


def called(function: ast.FunctionDef) -> str:
    """Return the types of the arguments that must be passed, and that of the result."""
    needed = function.args.args[: len(function.args.args) - len(function.args.defaults)]
    types = [ast.unparse(each.annotation) for each in needed if each.annotation]
    return f"{types} -> {ast.unparse(function.returns) if function.returns else ''}"


def test_both_parts_have_every_name_and_are_called_alike() -> None:
    linux, macos = public_names("linux.py"), public_names("macos.py")
    assert set(linux) == set(macos) == set(kernel.__all__)
    # A selector of each platform has another class.
    assert {name for name in linux if linux[name] != macos[name]} == {"new_selector"}


@pytest.mark.parametrize("platform", ["win32", "cygwin"])
@pytest.mark.parametrize("command", [["build", "shop"], ["dev", "shop"], ["verify"], ["--help"]])
def test_on_windows_each_command_says_what_to_do(platform: str, command: list[str]) -> None:
    code = f"from jvscheduler.cli import main; sys.exit(main({command}))"
    done = python(AS_WINDOWS.format(before="", platform=platform, code=code))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "jvscheduler: error: jvscheduler runs on Linux and macOS: on Windows, install and run it "
        "in WSL (https://learn.microsoft.com/windows/wsl)\n"
    )


@pytest.mark.parametrize(
    ("before", "module"),
    [
        ("import fastapi, jvspatial.api", "jvscheduler_server.embedded.server"),
        ("", "jvscheduler.loop.recording.spool_folder"),
        ("", "jvscheduler.attempt.process"),
        ("", "jvscheduler.worker.__main__"),
        ("", "jvscheduler.runner.__main__"),
    ],
    ids=lambda text: text.rpartition(" ")[2],
)
def test_on_windows_what_runs_tasks_cannot_be_imported(before: str, module: str) -> None:
    code = f"import {module}"
    done = python(AS_WINDOWS.format(before=before, platform="win32", code=code))
    assert done.returncode == 1
    assert "in WSL (https://learn.microsoft.com/windows/wsl)" in done.stderr.splitlines()[-1]


def test_on_windows_a_module_of_tasks_can_be_imported() -> None:
    code = "from jvscheduler import on_schedule, parse_schedule; parse_schedule('daily at 09:00')"
    done = python(AS_WINDOWS.format(before="", platform="win32", code=code))
    assert (done.returncode, done.stderr) == (0, "")


def test_another_platform_is_named() -> None:
    error = UnsupportedPlatform("freebsd15")
    assert str(error) == "jvscheduler runs on Linux and macOS: this is freebsd15"
    assert isinstance(error, SchedulerError)
    assert isinstance(error, ImportError)


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
