"""A task's error as its author wants to read it: without the frames of the code that called it.

Nothing here may fail. An error's own code runs when the error is shown: its `__str__`, its notes,
what a SyntaxError holds. If that code raised here, the record would say that the process crashed,
and the error itself would be lost.
"""

import asyncio
import importlib
import traceback
from pathlib import Path
from types import TracebackType
from typing import Final

_PACKAGE: Final = str(Path(__file__).parent)
_OURS: Final = tuple(
    str(Path(file).parent) for file in (__file__, asyncio.__file__, importlib.__file__)
)
_IMPORT_SYSTEM: Final = "<frozen importlib"


def error_message(error: BaseException) -> str:
    name = type(error).__qualname__
    try:
        # `join` makes a plain text of a subclass of `str`, whose own methods may raise later.
        text = "".join((str(error),))
    except BaseException:  # noqa: BLE001 - a user's __str__ may raise anything, SystemExit too
        text = "(its message cannot be shown)"
    return f"{name}: {text}" if text else name


def trace(error: BaseException) -> str:
    shown = _without_our_end(_from_task(error.__traceback__))
    try:
        return "".join(traceback.format_exception(type(error), error, shown))
    except BaseException:  # noqa: BLE001 - Python shows parts of the error by the user's code
        return _bare_stack(shown) + error_message(error) + "\n"


def _bare_stack(frames: TracebackType | None) -> str:
    """Return where the error was raised, without anything that the user's code has a say in."""
    lines = ["Traceback (most recent call last):\n"]
    while frames is not None:
        code = frames.tb_frame.f_code
        lines.append(f'  File "{code.co_filename}", line {frames.tb_lineno}, in {code.co_name}\n')
        frames = frames.tb_next
    return "".join(lines)


def _without_our_end(frames: TracebackType | None) -> TracebackType | None:
    """Drop the inner frames of ours: a signal's handler raises in the middle of the user's code."""
    last, step = None, frames
    while step is not None:
        if not step.tb_frame.f_code.co_filename.startswith(_PACKAGE):
            last = step
        step = step.tb_next
    if last is not None:
        last.tb_next = None
    return frames


def _from_task(frames: TracebackType | None) -> TracebackType | None:
    """Drop the outer frames up to the first one that is the user's."""
    rest = frames
    while rest is not None and rest.tb_frame.f_code.co_filename.startswith(
        (*_OURS, _IMPORT_SYSTEM)
    ):
        rest = rest.tb_next
    return rest
