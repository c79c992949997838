"""How often the kernel killed a process of this container for its memory.

A process killed so dies by SIGKILL and cannot say why; the control group
counts. Both versions of control groups are in use: v2 has `memory.events`, v1
`memory.oom_control`. In a container its own group is usually the root of what
is mounted, so the path that the kernel tells is tried first and then the root.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

MOUNT: Final = Path("/sys/fs/cgroup")
MEMBERSHIP: Final = Path("/proc/self/cgroup")


def oom_kills(mount: Path = MOUNT, membership: Path = MEMBERSHIP) -> int:
    return count(find_counter(mount, membership))


def find_counter(mount: Path = MOUNT, membership: Path = MEMBERSHIP) -> Path | None:
    """None where the kernel does not tell, as under some sandboxes."""
    return next((file for file in _counters(mount, membership) if file.is_file()), None)


def count(counter: Path | None) -> int:
    if counter is None:
        return 0
    pairs = (line.split() for line in counter.read_text(encoding="ascii").splitlines())
    return sum(int(value) for name, value in pairs if name == "oom_kill")


def _counters(mount: Path, membership: Path) -> Iterator[Path]:
    lines = membership.read_text(encoding="utf-8").splitlines() if membership.exists() else []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        folder = path.strip("/")
        if "memory" in controllers.split(","):
            yield mount / "memory" / folder / "memory.oom_control"
        elif not controllers:
            yield mount / folder / "memory.events"
    yield mount / "memory.events"
    yield mount / "memory" / "memory.oom_control"
