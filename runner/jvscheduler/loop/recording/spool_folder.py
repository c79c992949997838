"""Where a loop without a pod spools: a folder for each database, so that the next loop on it
finds what an earlier one could not write.

It is in the system's temporary directory, the one place that every user may write
to: what it holds waits for minutes. Several loops may share a database, and a spool
has one writer: each locks a folder of its own, first one that was left with
entries. The lock goes with its process, however that ends.
"""

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.urls import parse_url

_OWNER_ONLY: Final = 0o700


@contextlib.contextmanager
def spool_folder(database_url: str) -> Iterator[Path]:
    """Nobody else's until the end; removed then, if it is empty."""
    shelf = _root() / _digest(database_url)
    folder, lock = _taken(shelf)
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):  # it is not empty
            folder.rmdir()
            shelf.rmdir()
        os.close(lock)


def _root() -> Path:
    """Raises InvalidSettings: in a directory of everybody's somebody else may have been first."""
    root = Path(tempfile.gettempdir(), f"jvscheduler-{os.getuid()}")
    root.mkdir(_OWNER_ONLY, exist_ok=True)
    if root.is_symlink() or root.stat().st_uid != os.getuid():
        raise InvalidSettings(f"{root} belongs to somebody else: set TMPDIR to another directory")
    return root


def _digest(database_url: str) -> str:
    return hashlib.sha256(parse_url(database_url).identity.encode()).hexdigest()[:16]


def _taken(shelf: Path) -> tuple[Path, int]:
    while True:
        shelf.mkdir(exist_ok=True)
        left = sorted(shelf.iterdir(), key=lambda folder: (not any(folder.iterdir()), folder.name))
        for folder in (*left, *(shelf / str(number) for number in range(len(left) + 1))):
            lock = _lock(folder)
            if lock is not None:
                return folder, lock


def _lock(folder: Path) -> int | None:
    """None when it is another's, or was removed meanwhile."""
    try:
        folder.mkdir(exist_ok=True)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(lock), folder.stat()):
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(lock)
    return None
