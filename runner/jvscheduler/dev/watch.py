"""Whether Python files have changed, by looking at them: their times and sizes.

Looked at and not told by the kernel (inotify, as by watchfiles), as Django's
and uvicorn's own reloaders do: the few folders that hold a user's modules
cost microseconds, it works on mounts from other machines that tell nothing,
and no change falls between two watches when the folders change, since the look
before an import is what the next one is compared with.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

Look = Mapping[Path, tuple[int, int]]
"""Time in nanoseconds and size by file."""


def look(folders: Iterable[Path], before: float | None = None) -> Look:
    """The Python files right in the folders; of those changed since `before` it tells nothing.

    So these are changed, too, for who looks again. A folder that is gone has no files.
    """
    stats = {file: stat for folder in folders for file, stat in _files(folder)}
    return {
        file: (stat.st_mtime_ns, stat.st_size)
        for file, stat in stats.items()
        if before is None or stat.st_mtime < before
    }


def changed(before: Look, after: Look) -> list[Path]:
    """Files that were edited, added or removed."""
    return sorted(f for f in {*before, *after} if before.get(f) != after.get(f))


def _files(folder: Path) -> list[tuple[Path, os.stat_result]]:
    try:
        return [(file, file.stat()) for file in folder.glob("*.py")]
    except OSError:  # one was removed meanwhile: that is a change, and the next look sees the rest
        return []
