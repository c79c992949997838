"""A task's error as its author wants to read it: without the frames of the code that called it."""

import asyncio
import importlib
import traceback
from pathlib import Path
from types import TracebackType
from typing import Final

_OURS: Final = tuple(
    str(Path(file).parent) for file in (__file__, asyncio.__file__, importlib.__file__)
)
_IMPORT_SYSTEM: Final = "<frozen importlib"


def error_message(error: BaseException) -> str:
    name = type(error).__qualname__
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - a user's __str__ may raise anything
        text = "(its message cannot be shown)"
    return f"{name}: {text}" if text else name


def trace(error: BaseException) -> str:
    shown = _from_task(error.__traceback__)
    return "".join(traceback.format_exception(type(error), error, shown))


def _from_task(frames: TracebackType | None) -> TracebackType | None:
    """Drop the outer frames up to the first one that is the user's."""
    rest = frames
    while rest is not None and rest.tb_frame.f_code.co_filename.startswith(
        (*_OURS, _IMPORT_SYSTEM)
    ):
        rest = rest.tb_next
    return rest
