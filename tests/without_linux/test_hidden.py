"""Functions that only Linux has are hidden, in the tests and in the processes they start."""

import subprocess
import sys
from pathlib import Path

from jvscheduler import kernel

CODE = """
import os, select, selectors, socket
from jvscheduler import kernel
print([name for module, name in [
    (os, "pidfd_open"), (os, "waitid"), (os, "pipe2"), (select, "epoll"), (socket, "SO_PEERCRED"),
    (selectors, "EpollSelector"),
] if hasattr(module, name)], kernel.adopt_orphans.__doc__, selectors.DefaultSelector.__name__)
"""
HIDDEN = "[] Do nothing: macOS has no such thing. KqueueSelector\n"


def test_the_part_for_macos_is_used_here() -> None:
    assert not kernel.ADOPTS_ORPHANS
    assert Path(kernel.adopt_orphans.__code__.co_filename).name == "macos.py"


def test_another_process_has_nothing_of_linux_either() -> None:
    for options in ([], ["-P"], ["-E"], ["-I"]):
        done = subprocess.run(
            [sys.executable, *options, "-c", CODE], capture_output=True, text=True, check=True
        )
        assert done.stdout == HIDDEN
