"""Importing the decorator or the command `build` loads no large package."""

import subprocess
import sys

import pytest

LARGE = ("jvspatial", "fastapi", "kopf", "kubernetes", "pydantic", "yaml", "psutil", "asyncio")


@pytest.mark.parametrize(
    "code",
    [
        "from jvscheduler import on_schedule",
        "import jvscheduler.cli.build",
        "import jvscheduler.history.pruning",
    ],
)
def test_no_large_package_is_imported(code: str) -> None:
    script = f"import sys\n{code}\nprint(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert set(LARGE).isdisjoint(done.stdout.split())
