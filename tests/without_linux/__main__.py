"""Run tests without what only Linux has: `python -m tests.without_linux [TESTS]`.

`jvscheduler.kernel` uses its part for macOS, in the tests and in every process that they start.
Without arguments the tests are those of what may differ: starting, watching and ending processes.
They need neither a cluster nor a database server. Those that wait for full minutes are left out,
and so are those of the runner that the worker has too.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.without_linux.environment import make_environment

SELECTED: Final = (
    "tests/without_linux",
    "tests/unit/kernel/test_kernel.py",
    "tests/unit/attempt",
    "tests/unit/worker",
    "tests/unit/discovery",
    "tests/unit/dev",
    "tests/integration/worker/test_connections.py",
    "tests/integration/worker/test_worker.py",
    "tests/integration/dev/test_ends.py",
    "tests/integration/dev/test_once.py",
    "tests/integration/cases/test_exits.py",
    "tests/integration/cases/test_native_threads.py",
    "tests/integration/cases/test_patched.py",
    *(
        f"tests/integration/runner/test_runner.py::test_{name}"
        for name in (
            "a_process_that_a_task_left_behind_ends_with_it",
            "a_runner_that_is_told_to_terminate_records_what_became_of_the_task",
            "a_task_deaf_to_sigterm_is_ended_at_its_timeout_with_all_its_children",
            "the_task_dies_with_a_runner_that_is_killed",
        )
    ),
)
OPTIONS: Final = ("--numprocesses=3", "--dist=loadfile")


def main(tests: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="without-linux-") as folder:
        python = make_environment(Path(folder))
        command = [python, "-m", "pytest", *(tests or (*SELECTED, *OPTIONS))]
        return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
