"""Finds the project's file and reads its table.

Only the working folder counts, because modules are imported from there too.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jvscheduler.edge.toml_files import read_toml
from jvscheduler.errors import InvalidSettings

OWN_FILE: Final = "jvscheduler.toml"
SHARED_FILE: Final = "pyproject.toml"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


@dataclass(frozen=True)
class Source:
    """The table of a file, not yet parsed."""

    path: Path
    table: dict[str, Any]
    project_name: str | None
    """`project.name` of the pyproject.toml, which names the application by default."""

    def key(self, *parts: str) -> str:
        """A key as this file has it. A part that TOML cannot have as it is stands in quotes."""
        prefix = ("tool", "jvscheduler") if self.path.name == SHARED_FILE else ()
        every = (*prefix, *parts)
        return ".".join(part if _PLAIN.fullmatch(part) else f'"{part}"' for part in every)


def find(folder: Path) -> Source | None:
    """The file of the folder that has something to say. Raises InvalidSettings."""
    own, shared = _source(folder / OWN_FILE), _source(folder / SHARED_FILE)
    if own is not None and shared is not None:
        raise InvalidSettings(
            f"{folder} has both {OWN_FILE} and [tool.jvscheduler] in {SHARED_FILE}: keep one"
        )
    return own or shared


def read(path: Path) -> Source:
    """The file that the command line names. Raises InvalidSettings."""
    if not path.is_file():
        raise InvalidSettings(f"--config {path}: there is no such file")
    source = _source(path)
    if source is None:
        raise InvalidSettings(f"--config {path}: it has no table [tool.jvscheduler]")
    return source


def _source(path: Path) -> Source | None:
    if not path.is_file():
        return None
    content = _content(path)
    if path.name != SHARED_FILE:
        return Source(path, content, None)
    tool = content.get("tool")
    table = tool.get("jvscheduler") if isinstance(tool, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise InvalidSettings(f"{path}: tool.jvscheduler must be a table, got {table!r:.80}")
    project = content.get("project")
    name = project.get("name") if isinstance(project, dict) else None
    return Source(path, table, name if isinstance(name, str) else None)


def _content(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path)
    except OSError as error:
        raise InvalidSettings(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise InvalidSettings(f"{path} is not TOML: {error}") from error
