"""`jvscheduler build` writes a task's arguments, and refuses those of a wrong type."""

import subprocess
import sys
from pathlib import Path

WITH_ARGS = """
from jvscheduler import on_schedule

@on_schedule("daily", args={"days": 7, "rate": 0.5})
def clean_up(days: int, rate: float = 1.0, shops: list[str] | None = None) -> None: ...
"""
ARGS = """\
  args:
    days: 7
    rate: 0.5
  argsSchema:
    additionalProperties: false
    type: object
    required:
    - days
    properties:
      days:
        type: integer
      rate:
        type: number
      shops:
        anyOf:
        - items:
            type: string
          type: array
        - type: "null"
"""


def test_arguments_are_written_with_the_types_of_the_parameters(tmp_path: Path) -> None:
    (tmp_path / "with_args.py").write_text(WITH_ARGS, encoding="utf-8")
    assert ARGS in build(tmp_path).stdout


def test_arguments_of_another_type_are_refused(tmp_path: Path) -> None:
    wrong = WITH_ARGS.replace('"days": 7', '"days": "7"')
    (tmp_path / "with_args.py").write_text(wrong, encoding="utf-8")
    done = build(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "task 'with_args.clean_up' (with_args:clean_up): args.days: Input should" in done.stderr


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jvscheduler.cli", "build", "with_args", "--image", "shop:1"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
