"""The least that a process of its own costs: a bare fork of one that has imported as much.

Usage: `python -m benchmarks.contest.floor FORKS`; prints processor seconds for each.
"""

import os
import resource
import sys

from benchmarks.contest import noop  # noqa: F401 - as the worker has
from jvscheduler.attempt import kernel  # noqa: F401
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
