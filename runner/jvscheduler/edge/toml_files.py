"""Reads a TOML file that a user wrote."""

import tomllib
from pathlib import Path
from typing import Any, Final

_MAX_BYTES: Final = 2**20


def read_toml(path: Path) -> dict[str, Any]:
    """Raises OSError, and ValueError for what is no TOML of at most 1 MiB.

    The message of the ValueError has the line and no text of it.
    """
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError(f"more than {_MAX_BYTES // 2**20} MiB")
    try:
        # Some editors begin a file with a byte order mark.
        return tomllib.loads(content.decode("utf-8-sig"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
