"""Finds Python files and project files that have changed, by their modification times and sizes.

It polls, as the reloaders of Django and uvicorn do, and does not ask the kernel
to report changes (inotify, as watchfiles does). The few folders of a user's
modules cost microseconds. Polling also works on network mounts, which report no
changes. And no change is lost while the set of folders changes: each snapshot is
compared with the one before the import.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from jvscheduler.configuration import files

PROJECT_FILES: Final = (files.OWN_FILE, files.SHARED_FILE)

FileStates = Mapping[Path, tuple[int, int]]
"""The modification time in nanoseconds and the size of each file."""


def snapshot(folders: Iterable[Path], modified_before: float | None = None) -> FileStates:
    """The Python files and project files in the folders, without their subfolders.

    A file that was modified at `modified_before` (Unix seconds) or later is left
    out: an import that started then may have read its older text. The next
    snapshot has the file, so that it counts as changed. A folder that no longer
    exists has no files.
    """
    stats = {file: stat for folder in folders for file, stat in _files(folder)}
    return {
        file: (stat.st_mtime_ns, stat.st_size)
        for file, stat in stats.items()
        if modified_before is None or stat.st_mtime < modified_before
    }


def changed_files(before: FileStates, after: FileStates) -> list[Path]:
    """The files that were edited, added or removed."""
    return sorted(f for f in {*before, *after} if before.get(f) != after.get(f))


def _files(folder: Path) -> list[tuple[Path, os.stat_result]]:
    try:
        project = [file for name in PROJECT_FILES if (file := folder / name).exists()]
        return [(file, file.stat()) for file in (*folder.glob("*.py"), *project)]
    except OSError:
        # A file was removed between glob() and stat(). The empty answer counts as a change, and
        # the next snapshot has the rest.
        return []
