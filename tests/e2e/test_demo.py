"""The README's snippets that need no cluster, run as they stand.

In this tier because they take port 8080, as the snippets for a cluster do.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jvscheduler.decorators import task_of
from tests.support.readme import ROOT, python_snippets, shell_snippets
from tests.support.waiting import eventually

HEADING = "Try it, without a cluster"


def test_the_first_snippet_is_a_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (snippet,) = python_snippets()
    (tmp_path / "readme_snippet.py").write_text(snippet)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = __import__("readme_snippet")
    task = task_of(module.clean_up)
    assert task is not None
    assert (task.schedule.cron, task.retry_count, task.timeout_seconds) == ("*/30 * * * *", 2, 300)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`make demo` in a process group of its own, as a terminal gives it one."""
    # Whoever listens there already would answer for the demo. Then this raises.
    socket.create_server(("127.0.0.1", 8080)).close()
    command, _ = shell_snippets(HEADING)
    python = Path(sys.executable).parent
    env = {**os.environ, "PATH": f"{python}:{os.environ['PATH']}"}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            ["bash", "-c", command],
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        yield process
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def test_the_demo_answers_and_ends_on_ctrl_c(demo: subprocess.Popen[str], tmp_path: Path) -> None:
    _, curl = shell_snippets(HEADING)

    def recorded() -> bool:
        assert demo.poll() is None, (tmp_path / "log").read_text()
        done = subprocess.run(["bash", "-c", curl], capture_output=True, text=True, check=False)
        jobs = json.loads(done.stdout)["jobs"] if done.returncode == 0 else []
        return any(job["status"] == "completed" for job in jobs)

    eventually(recorded, "a completed job")
    os.killpg(demo.pid, signal.SIGINT)
    demo.wait(timeout=60)
    with pytest.raises(ProcessLookupError):
        os.killpg(demo.pid, 0)
