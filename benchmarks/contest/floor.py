"""The least that an isolated run can cost: a bare fork of a process with the worker's imports.

Usage: `python -m benchmarks.contest.floor FORKS`. It prints the processor seconds of a fork.
"""

import os
import resource
import sys

from benchmarks.contest import noop  # noqa: F401 - the worker has imported it
from jvscheduler import kernel  # noqa: F401
from jvscheduler.worker import serve  # noqa: F401
from jvscheduler.worker.imports import freeze_heap


def main(forks: int) -> None:
    freeze_heap()
    before = _used()
    for _ in range(forks):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
    print((_used() - before) / forks)


def _used() -> float:
    usages = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    main(int(sys.argv[1]))
