"""The folder in which a loop without a pod spools. The next loop on the same database finds it.

The folders are in the system's temporary directory, the one place in which every user may
write: entries wait there for minutes. Several loops may share a database, and a spool has one
writer. So each loop locks a folder of its own, and prefers one that was left with entries. The
lock ends with its process, however that ends.
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
    """A folder that no other loop uses while the block runs. It is removed then, if empty."""
    shelf = _root() / _digest(database_url)
    folder, lock = _lock_folder(shelf)
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):  # it is not empty
            folder.rmdir()
            shelf.rmdir()
        os.close(lock)


def _root() -> Path:
    """Raises InvalidSettings."""
    root = Path(tempfile.gettempdir(), f"jvscheduler-{os.getuid()}")
    root.mkdir(_OWNER_ONLY, exist_ok=True)
    # Everybody may write to that directory, so another user may have made this one first, and
    # could read the entries, or lead them elsewhere by a symlink.
    if root.is_symlink() or root.stat().st_uid != os.getuid():
        raise InvalidSettings(f"{root} belongs to somebody else: set TMPDIR to another directory")
    return root


def _digest(database_url: str) -> str:
    return hashlib.sha256(parse_url(database_url).identity.encode()).hexdigest()[:16]


def _lock_folder(shelf: Path) -> tuple[Path, int]:
    """The folder and the descriptor that holds its lock."""
    while True:
        # Another loop that ends may remove the shelf at any time: then begin anew.
        shelf.mkdir(exist_ok=True)
        left = sorted(shelf.iterdir(), key=lambda folder: (not any(folder.iterdir()), folder.name))
        for folder in (*left, *(shelf / str(number) for number in range(len(left) + 1))):
            lock = _lock(folder)
            if lock is not None:
                return folder, lock


def _lock(folder: Path) -> int | None:
    """The descriptor that holds the lock. None: another loop has it, or the folder is gone."""
    try:
        folder.mkdir(exist_ok=True)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A loop that ended may have removed the folder after it was opened. The lock would then
        # be on a folder that no other loop finds.
        if os.path.samestat(os.fstat(lock), folder.stat()):
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(lock)
    return None
