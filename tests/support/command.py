"""The command `jvscheduler`, run as a process like in a user's shell."""

import os
import subprocess
import sys
from pathlib import Path


def run_command(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run it in this folder, with these variables besides our own."""
    return subprocess.run(
        [sys.executable, "-m", "jvscheduler.cli", *words],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
