"""The worker's socket is where a socket can be."""

import socket
import tempfile
from pathlib import Path

import pytest

from jvscheduler.loop.worker_link.process import socket_in_own_folder


@pytest.mark.parametrize("length", [70, 71, 200])
def test_a_socket_can_be_made_however_long_the_temporary_directory_is(
    length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        long = Path(folder, "x" * (length - len(folder) - 1))
        long.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(long))
        with socket_in_own_folder() as path, socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            assert len(str(path)) <= 103
            assert path.is_relative_to(long) == (length <= 70)
            assert path.parent.stat().st_mode & 0o077 == 0
