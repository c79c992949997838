"""Importing the decorator must not make an application heavy."""

import subprocess
import sys

import pytest

HEAVY = ("jvspatial", "fastapi", "kopf", "kubernetes", "pydantic", "yaml", "psutil", "asyncio")


@pytest.mark.parametrize(
    "code",
    [
        "from jvscheduler import on_schedule",
        "import jvscheduler.cli.build",
        "import jvscheduler.history.pruning",
    ],
)
def test_nothing_heavy_is_imported(code: str) -> None:
    script = f"import sys\n{code}\nprint(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert set(HEAVY).isdisjoint(done.stdout.split())
