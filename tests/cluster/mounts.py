"""What is mounted below a folder, and letting go of it before the folder is removed."""

import re
from pathlib import Path

from tests.cluster.commands import run
from tests.cluster.errors import ClusterError

MOUNTS = Path("/proc/self/mounts")


def mounts_below(folder: Path, table: str) -> list[Path]:
    """Mount points at or under `folder`, deepest first; `table` as in /proc/self/mounts."""
    points = (Path(unescape(line.split()[1])) for line in table.splitlines())
    found = [point for point in points if point == folder or folder in point.parents]
    return list(reversed(found))


def unescape(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def release_mounts(folder: Path) -> None:
    resolved = folder.resolve()
    for point in mounts_below(resolved, MOUNTS.read_text()):
        run("umount", "--lazy", point)
    left = mounts_below(resolved, MOUNTS.read_text())
    if left:
        raise ClusterError(f"still mounted, and in the way: {', '.join(map(str, left))}")
