"""The time of `jvscheduler build` for 10,000 tasks, against the time of importing them."""

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from benchmarks.imports import run_python
from benchmarks.report import Ratio, side_by_side

_TASKS = 10_000
_MODULES = 10
_ROUNDS = 5
_SCHEDULES = (
    "every 5 minutes",
    "daily at {hour:02}:{minute:02}",
    "every monday and friday at {hour:02}:{minute:02}",
    "{minute} {hour} * * mon-fri",
    "monthly on {day} at {hour:02}:00",
)


def measure() -> Iterable[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        modules = [_write_module(Path(folder), n) for n in range(_MODULES)]
        build = [sys.executable, "-m", "jvscheduler.cli", "build", *modules, "--image", "shop:1"]
        subject = partial(subprocess.run, build, check=True, cwd=folder, stdout=subprocess.DEVNULL)
        baseline = partial(run_python, f"import {', '.join(modules)}", cwd=folder)
        baseline()  # the first import compiles the modules
        ours, imports = side_by_side(subject, baseline, _ROUNDS)
    yield Ratio(
        f"jvscheduler build of {_TASKS:,} tasks",
        ours,
        "importing their modules",
        imports,
        goal=2,
    )


def _write_module(folder: Path, number: int) -> str:
    name = f"tasks_{number}"
    per_module = _TASKS // _MODULES
    tasks = "".join(_task(number * per_module + n) for n in range(per_module))
    text = f"from jvscheduler import on_schedule\n{tasks}"
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return name


def _task(number: int) -> str:
    schedule = _SCHEDULES[number % len(_SCHEDULES)].format(
        minute=number % 60, hour=number // 60 % 24, day=number % 28 + 1
    )
    return f"""

@on_schedule({schedule!r}, timeout_seconds=60, description="Task number {number}")
def task_{number}() -> int:
    return {number}
"""
