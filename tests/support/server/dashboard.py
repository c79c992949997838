"""`jvscheduler dashboard` as a process, and a browser's way in."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.waiting import eventually

COMMAND = (sys.executable, "-m", "jvscheduler.cli", "dashboard")
NO_BROWSER = "--no-browser"


@dataclass
class Dashboard:
    link: str
    output: Path
    process: subprocess.Popen[bytes]
    client: httpx.Client
    """It has no cookie before it opens the link."""

    def open(self) -> "Dashboard":
        answer = self.client.get(self.link)
        assert answer.status_code == 200, answer.text
        return self

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.client.get(path, params=query)

    def interrupt(self) -> int:
        """End it as Ctrl-C does; return its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


def environ(kubeconfig: Path) -> dict[str, str]:
    return {**os.environ, "KUBECONFIG": str(kubeconfig)}


def refused(kubeconfig: Path, *options: str) -> str:
    """Start it where it cannot work; return what it says."""
    done = subprocess.run(
        [*COMMAND, NO_BROWSER, *options],
        env=environ(kubeconfig),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@contextmanager
def a_dashboard(kubeconfig: Path, folder: Path, browser: Path | None = None) -> Iterator[Dashboard]:
    output = folder / "dashboard.log"
    with output.open("wb") as log:
        command = COMMAND if browser else (*COMMAND, NO_BROWSER)
        variables = {**environ(kubeconfig), "BROWSER": str(browser)}
        process = subprocess.Popen(command, env=variables, stdout=log, stderr=log)
    try:
        link = eventually(lambda: _link(process, output), "the link is printed")
        with httpx.Client(base_url=link.partition("/?")[0], timeout=30) as client:
            yield Dashboard(link, output, process, client)
    finally:
        process.kill()
        process.wait()


def _link(process: subprocess.Popen[bytes], output: Path) -> str | None:
    text = output.read_text()
    assert process.poll() is None, text
    found = re.search(r"^http://\S+$", text, re.MULTILINE)
    return found[0] if found else None
