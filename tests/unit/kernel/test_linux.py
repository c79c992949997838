"""The count of processes that the kernel killed for lack of memory."""

from pathlib import Path

import pytest

from jvscheduler.kernel.linux import oom_kills


@pytest.mark.parametrize(
    ("membership", "file", "text"),
    [
        pytest.param("0::/", "memory.events", "oom 3\noom_kill 2\n", id="v2"),
        pytest.param("0::/pods/a", "pods/a/memory.events", "oom_kill 2\n", id="v2, own path"),
        pytest.param(
            "9:memory:/", "memory/memory.oom_control", "under_oom 0\noom_kill 2\n", id="v1"
        ),
        pytest.param(
            "9:cpu,memory:/pods/a",
            "memory/memory.oom_control",
            "oom_kill 2\n",
            id="v1, the host's path in a container",
        ),
    ],
)
def test_the_kernels_count_is_found(tmp_path: Path, membership: str, file: str, text: str) -> None:
    (tmp_path / "self").write_text(f"{membership}\n")
    (tmp_path / "mount" / file).parent.mkdir(parents=True)
    (tmp_path / "mount" / file).write_text(text)
    assert oom_kills(tmp_path / "mount", tmp_path / "self") == 2


def test_without_a_counter_there_are_no_kills(tmp_path: Path) -> None:
    assert oom_kills(tmp_path / "mount", tmp_path / "self") == 0
