"""Which files the tasks come from, for who wants to look again when one of them changes.

Only the user's own: neither the standard library's nor those of installed
packages nor ours, which do not change while somebody edits tasks.
"""

import sysconfig
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Final

_INSTALLED: Final = {"site-packages", "dist-packages"}
_NOT_OURS_TO_WATCH: Final = [
    Path(__file__).parents[1],
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")),
]


def files_of(modules: Iterable[ModuleType]) -> list[str]:
    named = (getattr(module, "__file__", None) for module in list(modules))
    return _own(name for name in named if isinstance(name, str))


def files_in(error: BaseException) -> list[str]:
    """Where an import failed: a module that did not come about is not among the imported."""
    places = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        places.append(error.filename)
    return _own(places)


def _own(names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if _is_own(Path(name))})


def _is_own(file: Path) -> bool:
    return (
        file.is_absolute()
        and _INSTALLED.isdisjoint(file.parts)
        and not any(file.is_relative_to(folder) for folder in _NOT_OURS_TO_WATCH)
    )
