"""Standard output of the commands. A command fails when its output cannot be written.

Python writes the end of its buffer when it exits. An error there would be a traceback, or
nothing at all, so each command writes here and flushes at once.
"""

import os
import sys
from typing import Final

from jvscheduler.errors import SchedulerError

_STANDARD: Final = (0, 1, 2)
_STDOUT: Final = 1


class OutputError(SchedulerError):
    """Standard output is closed, or its disk is full."""


def write(text: str) -> None:
    """Write the text in UTF-8. Raises OutputError, and BrokenPipeError when the reader has
    ended."""
    try:
        sys.stdout.buffer.write(text.encode(errors="replace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        discard()
        raise
    except OSError as error:
        discard()
        raise OutputError(f"standard output cannot be written: {error.strerror}") from error


def write_line(text: str) -> None:
    write(f"{text}\n")


def discard() -> None:
    """Send what is still in the buffer nowhere: Python flushes it when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def open_closed() -> None:
    """Open the standard streams that the caller has closed, such as by `>&-`.

    Otherwise the next file that is opened, such as the database, would get the number of
    standard output. Whatever prints would then write into it.
    """
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is this one. Standard output is opened for reading,
            # so that a command that prints has an error.
            os.open(os.devnull, os.O_RDONLY if number == _STDOUT else os.O_RDWR)
            os.set_inheritable(number, True)
    if sys.stdout is None:
        sys.stdout = open(_STDOUT, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
