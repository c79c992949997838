"""A command whose packages are not installed says which extras bring them, and from where."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.docs.markdown import DOCS

PROGRAM = """
import sys
sys.modules[sys.argv.pop(1)] = None
from jvscheduler.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("command", "missing", "extras"),
    [
        (("dev", "shop.tasks"), "jvspatial", "[runner,server]"),
        (("dashboard",), "uvicorn", "[server]"),
        (("verify", "--database", "sqlite:///h.db"), "jvspatial", "[runner]"),
        (
            ("history", "prune", "--older-than", "9d", "--database", "sqlite:///h.db"),
            "jvspatial",
            "[runner]",
        ),
    ],
    ids=["dev", "dashboard", "verify", "history"],
)
def test_the_message_says_what_a_user_of_today_can_do(
    command: tuple[str, ...], missing: str, extras: str, tmp_path: Path
) -> None:
    (tmp_path / "h.db").touch()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, missing, *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (1, 2)
    assert f"`jvscheduler {command[0]}` needs {missing}" in done.stderr
    assert f"pip install '/path/to/the/clone{extras}'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_first_page_for_users_says_the_same() -> None:
    assert (
        "pip install '/path/to/the/clone[runner,server]'"
        in (DOCS / "guides/first-task.md").read_text()
    )
