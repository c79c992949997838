"""Ctrl-C while a command is still importing its own modules ends it plainly."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.readme import ROOT

INTERRUPTED_WHILE_IMPORTING = """
import os, signal, sys

class CtrlC:
    def find_spec(self, name, *_):
        if name == {module!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

# A shell starts its background commands with SIGINT ignored, also this test run.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, CtrlC())
sys.argv = ["jvscheduler", *{words!r}.split()]
from {entry} import main
sys.exit(main())
"""


def entry() -> str:
    """The module that the installed command imports, as the project says."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, function = scripts["jvscheduler"].partition(":")
    assert function == "main"
    return str(module)


@pytest.mark.parametrize(
    ("words", "module"),
    [
        ("dev tasks", "jvscheduler"),
        ("dev tasks", "jvscheduler.decorators"),
        ("dev tasks", "argparse"),
        ("dev tasks", "jvscheduler.dev.serve"),
        ("dev tasks --once quick", "jvspatial"),
        ("build tasks --image shop:1", "jvscheduler.cli.build"),
        ("verify", "jvscheduler.cli.verify"),
        ("dashboard", "jvscheduler.cli.dashboard"),
        ("dashboard", "aiohttp"),
        ("next daily", "jvscheduler.cli.next"),
        ("preview tasks", "jvscheduler.cli.preview"),
        ("history prune --older-than 1d", "jvscheduler.history.settings"),
    ],
)
def test_ctrl_c_gives_no_traceback(words: str, module: str, tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text("")
    program = INTERRUPTED_WHILE_IMPORTING.format(words=words, module=module, entry=entry())
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr, done.stdout) == (130, "", "")
