"""Running other programs: one way to call them, one way to wait, one way to complain."""

import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from tests.cluster.errors import ClusterError, CommandError, MissingPrerequisiteError

PACKAGES = "tests/cluster/packages.txt"
STARTED = time.monotonic()


def say(text: str) -> None:
    print(f"[{time.monotonic() - STARTED:6.1f} s] {text}", file=sys.stderr, flush=True)


def run(
    *command: str | Path,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    data: IO[bytes] | None = None,
) -> str:
    """The command's standard output; raises with both outputs shown when it fails."""
    return finish(*command, stdin=stdin, env=env, cwd=cwd, data=data).stdout


def finish(
    *command: str | Path,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    data: IO[bytes] | None = None,
) -> subprocess.CompletedProcess[str]:
    """A command that succeeded; its standard input is a text, or an open file."""
    words = [str(word) for word in command]
    if not shutil.which(words[0]):
        raise MissingPrerequisiteError(f"{words[0]} is not installed; see {PACKAGES}")
    with tempfile.TemporaryFile("w+") as typed:
        typed.write(stdin or "")
        typed.seek(0)
        done = subprocess.run(
            words,
            stdin=data or typed,
            env=env,
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise CommandError(shlex.join(words), done.returncode, done.stdout[-4000:] + done.stderr)
    return done


def succeeds(*command: str | Path, env: Mapping[str, str] | None = None) -> bool:
    """False also where there is no such program."""
    words = [str(word) for word in command]
    if not shutil.which(words[0]):
        return False
    return subprocess.run(words, env=env, capture_output=True, check=False).returncode == 0


def wait_until(
    condition: Callable[[], bool], what: str, seconds: float = 60, log: Path | None = None
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            tail = f"; the end of {log}:\n{read_tail(log)}" if log else ""
            raise ClusterError(f"{what}: not after {seconds:.0f} s{tail}")
        time.sleep(0.1)


def read_tail(log: Path, size: int = 3000) -> str:
    return log.read_text(errors="replace")[-size:] if log.exists() else "(no log)"


def start(command: Sequence[str | Path], log: Path) -> subprocess.Popen[bytes]:
    """A daemon that dies with the process that started it, even when that one is killed."""
    words = ["setpriv", "--pdeathsig", "TERM", *(str(word) for word in command)]
    with log.open("wb") as output:
        return subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )


def stop(process: subprocess.Popen[bytes], seconds: float = 10) -> None:
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
