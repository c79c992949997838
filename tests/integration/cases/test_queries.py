"""A script's queries: one that means nothing is refused, a large one is right, no row is lost."""

import os
import re
import subprocess
import sys
from pathlib import Path

from jvscheduler import environment
from tests import cases
from tests.support.readme import ROOT

CASE = Path(next(iter(cases.__path__))) / "queries.py"
CALLS = ("count", "find", "delete_many")
ENTITY = """
import asyncio
from jvscheduler.history import ScheduledJob
asyncio.run(ScheduledJob.find({}))
"""


def run(*words: str, cwd: Path = ROOT, url: str = "") -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, environment.DATABASE_URL: url}
    command = [sys.executable, *words]
    return subprocess.run(
        command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=120, check=False
    )


def test_each_line_is_right(url: str) -> None:
    done = run(str(CASE), url=url)
    assert done.returncode == 0, done.stderr
    *lines, left = done.stdout.splitlines()
    widening, large = lines[:9], lines[9:]
    assert [line.split()[0] for line in widening] == list(CALLS) * 3
    assert all(line.endswith(" InvalidQuery") for line in widening)
    assert large == ["large: 3 (3 expected)"] * 3
    assert left == "left: 3 (3 expected)"


def test_a_script_that_opens_no_database_is_told_how(tmp_path: Path) -> None:
    done = run("-c", ENTITY, cwd=tmp_path, url="sqlite:///history.db")
    assert done.returncode == 1
    assert re.search(r"InvalidSettings: .*jvscheduler\.history\.connect\(\)", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_without_a_url_the_error_says_how_to_give_one(tmp_path: Path) -> None:
    done = run(str(CASE), cwd=tmp_path)
    assert "which history? Give a URL or set JVSCHEDULER_DATABASE_URL" in done.stderr
    assert list(tmp_path.iterdir()) == []
