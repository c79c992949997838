"""What a docker engine of ours leaves when it is killed, and ending it.

Nothing is remembered in files that could be stale: a process is ours when it
lives in our network namespace, in our control group, or is an engine program
that names our folder. Containers are caught by their control group even when
their shim is already dead.
"""

import os
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.commands import run, succeeds, wait_until
from tests.cluster.layout import EngineLayout
from tests.cluster.mounts import release_mounts

CGROUPS = Path("/sys/fs/cgroup")
PROGRAMS = frozenset({"dockerd", "containerd", "containerd-shim-runc-v2", "docker-proxy", "runc"})


@dataclass(frozen=True)
class Process:
    pid: int
    argv: tuple[str, ...]
    cgroups: str
    namespace: int


def belongs(process: Process, layout: EngineLayout, namespace: int | None) -> bool:
    """`namespace` is the inode of the layout's network namespace, if there is one."""
    in_cgroup = any(
        line.split(":", 2)[-1].startswith(f"/{layout.name}/")
        for line in process.cgroups.splitlines()
    )
    program = Path(process.argv[0]).name if process.argv else ""
    folders = (f"{layout.state}/", str(layout.data))
    names_folder = any(folder in word for folder in folders for word in process.argv)
    in_namespace = namespace is not None and process.namespace == namespace
    return in_cgroup or in_namespace or (program in PROGRAMS and names_folder)


def list_processes() -> Iterator[Process]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            argv = tuple((folder / "cmdline").read_bytes().decode(errors="replace").split("\0"))
            namespace = (folder / "ns/net").stat().st_ino
            yield Process(int(folder.name), argv, (folder / "cgroup").read_text(), namespace)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended while we looked, or is above us and so not ours


def find_leftovers(layout: EngineLayout) -> list[int]:
    namespace = layout.namespace.stat().st_ino if layout.namespace.exists() else None
    return [p.pid for p in list_processes() if belongs(p, layout, namespace)]


def end_leftovers(layout: EngineLayout) -> None:
    """Kill, unmount and delete whatever is left of the engine that lived there."""
    wait_until(lambda: not kill(find_leftovers(layout)), "the old engine's processes end")
    release_mounts(layout.state)
    release_mounts(layout.data)
    if layout.namespace.exists():
        run("ip", "netns", "del", layout.name)
    # The kernel takes the link away itself when its other end's namespace has gone, which may be
    # just now: so the state is waited for, and a failed deletion proves nothing.
    wait_until(lambda: remove_link(layout.host_link), "the old engine's network link goes")
    wait_until(lambda: remove_cgroups(layout.name), "the old engine's control groups go")


def remove_link(link: str) -> bool:
    """False while it is still there."""
    succeeds("ip", "link", "del", link)
    return not succeeds("ip", "link", "show", link)


def kill(pids: Iterable[int]) -> bool:
    """True if there was anything to kill."""
    found = False
    for pid in pids:
        found = True
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return found


def remove_cgroups(name: str) -> bool:
    """False while one still holds a dying process."""
    for root in [*CGROUPS.glob(f"*/{name}"), *CGROUPS.glob(name)]:
        folders = sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True)
        try:
            for folder in [*folders, root]:
                folder.rmdir()
        except OSError:
            return False
    return True
