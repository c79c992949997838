"""The processes below another one: those that a task has started, and what they have started."""

import contextlib
import os
from collections.abc import Iterator
from os import waitpid

from jvscheduler import kernel


def end_descendants() -> None:
    """Kill every process that is left below this one, even one in a process group of its own."""
    # Repeat until none is left: a process may fork while the list of its children is read.
    while _has_children():
        import psutil  # noqa: PLC0415 - few tasks leave processes behind

        left = psutil.Process().children(recursive=True)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess, ChildProcessError):
                process.wait()


def end_own() -> None:
    """End this process's descendants, as the last thing that an attempt does, if nobody else can.

    Otherwise the parent of the attempt adopts them, and kills them when the attempt has ended.
    """
    if not kernel.ADOPTS_ORPHANS:
        end_descendants()


@contextlib.contextmanager
def killed_afterwards(pid: int) -> Iterator[None]:
    """Kill the descendants of a process after the block, in which it is killed itself.

    They are listed before: an orphan that nobody adopts has no parent to find it by.
    """
    if kernel.ADOPTS_ORPHANS:
        yield
        return
    import psutil  # noqa: PLC0415 - slow, because it looks at every process of the machine

    left = psutil.Process(pid).children(recursive=True) if psutil.pid_exists(pid) else []
    yield
    for process in left:
        # One that has changed its user, such as sudo, may not be killed.
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process.kill()


def _has_children() -> bool:
    """Reap all children that have ended. True when another one still runs."""
    with contextlib.suppress(ChildProcessError):
        while waitpid(-1, os.WNOHANG) != (0, 0):
            continue
        return True
    return False
