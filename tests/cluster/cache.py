"""Things that are costly to make and kept: each is whole, or is not there.

A thing is made under a temporary name next to its own and renamed when it is
done, so an interrupted run leaves a half that the next one throws away. A lock
for each keeps two runs from making it at once.
"""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.commands import say
from tests.cluster.mounts import release_mounts


def content_key(parts: Iterable[str | Path]) -> str:
    """A short name for what the texts say and the files contain."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part.encode()
        digest.update(len(data).to_bytes(8) + data)
    return digest.hexdigest()[:16]


def half_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.half")


def discard(path: Path) -> None:
    """Remove a file or folder; what is mounted below it is released first, never deleted."""
    release_mounts(path)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def build_once(target: Path, build: Callable[[Path], None]) -> Path:
    """`target`, made by `build(temporary path)` unless it is there already."""
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(lock_of(target)):
        if not target.exists():
            half = half_of(target)
            discard(half)
            say(f"building {target.name}")
            build(half)
            half.replace(target)
            say(f"built {target.name}")
    return target


def lock_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.lock")


def keep_only(folder: Path, pattern: str, kept: Path) -> None:
    """Remove older versions of the same thing, whole or half made."""
    for path in [*folder.glob(pattern), *folder.glob(f".{pattern}.half")]:
        if path not in {kept, half_of(kept)}:
            discard(path)


@contextmanager
def locked(lock: Path) -> Iterator[None]:
    """Hold a lock that ends with the process; wait for whoever has it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another run that holds {lock}")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


@contextmanager
def used(lock: Path) -> Iterator[None]:
    """Say that something is in use, as others may say at the same time."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        yield


def is_unused(lock: Path) -> bool:
    with lock.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
