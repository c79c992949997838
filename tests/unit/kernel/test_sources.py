"""One module names the functions that only Linux has."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.support.readme import ROOT

LINUX_ONLY: Final = re.compile(
    r"/proc\b|/sys/|boot_id|cgroup|copy_file_range|epoll\w*\(|\beventfd|EpollSelector|F_SETPIPE_SZ"
    r"|inotify_|memfd|MSG_CMSG_CLOEXEC|\bpipe2|pidfd|posix_fadvise|prctl|PDEATHSIG"
    r"|sched_(get|set)affinity|sigtimedwait|sigwaitinfo|SO_PEERCRED|SOCK_CLOEXEC|SOCK_NONBLOCK"
    r"|\.splice\(|\bwaitid|/dev/(full|shm)",
    re.IGNORECASE,
)
KERNEL: Final = ROOT / "runner/jvscheduler/kernel"
FOLDERS: Final = (ROOT / "runner", ROOT / "server/jvscheduler_server/embedded")
FILES: Final = sorted(path for folder in FOLDERS for path in folder.rglob("*.py"))


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path != KERNEL / "macos.py"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_only_the_part_for_linux_names_what_only_linux_has(path: Path) -> None:
    found = {match[0] for match in LINUX_ONLY.finditer(path.read_text())}
    assert bool(found) == (path == KERNEL / "linux.py"), found
