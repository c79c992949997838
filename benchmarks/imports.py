"""The time that importing the decorator costs an application, against importing pydantic."""

import subprocess
import sys
from collections.abc import Iterable
from functools import partial

from benchmarks.report import Ratio, side_by_side

_ROUNDS = 15


def measure() -> Iterable[Ratio]:
    subject, baseline, nothing = (
        partial(run_python, code)
        for code in ("from jvscheduler import on_schedule", "import pydantic", "pass")
    )
    start, _ = side_by_side(nothing, nothing, _ROUNDS)
    ours, pydantic = side_by_side(subject, baseline, _ROUNDS)
    yield Ratio(
        "from jvscheduler import on_schedule, less the interpreter's start",
        ours - start,
        "import pydantic, less the same",
        pydantic - start,
        goal=2,
    )


def run_python(code: str, *, cwd: str | None = None) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, cwd=cwd)
