"""The user's own files among the imported ones. `dev` reloads when one of them changes.

Files of the standard library, of installed packages and of jvscheduler are left
out. They do not change while somebody edits tasks.
"""

import sysconfig
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Final

_INSTALLED_PACKAGES: Final = {"site-packages", "dist-packages"}
_EXCLUDED_FOLDERS: Final = [
    Path(__file__).parents[1],
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")),
]


def files_of(modules: Iterable[ModuleType]) -> list[str]:
    # Some modules have no file, and a module may give itself any attribute.
    named = (getattr(module, "__file__", None) for module in list(modules))
    return _own(name for name in named if isinstance(name, str))


def files_in(error: BaseException) -> list[str]:
    """The files in the traceback of a failed import. A module that failed is not imported, so
    `files_of` does not know its file; without it, `dev` would not see the user's fix."""
    names = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        names.append(error.filename)
    return _own(names)


def _own(names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if _is_own(Path(name))})


def _is_own(file: Path) -> bool:
    return (
        file.is_absolute()
        and _INSTALLED_PACKAGES.isdisjoint(file.parts)
        and not any(file.is_relative_to(folder) for folder in _EXCLUDED_FOLDERS)
    )
