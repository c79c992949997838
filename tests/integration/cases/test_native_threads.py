"""Each run imports a module that starts native threads, unless they end before a fork."""

from pathlib import Path

import pytest

from jvscheduler import kernel
from jvscheduler.worker.messages import Prepare, Prepared
from tests.support.worker_process import a_worker

OWN = 1 if kernel.ADOPTS_ORPHANS else 2
"""Threads of an attempt. On macOS one of them waits for the end of the attempt's parent."""
ENDS_AT_A_FORK = """
import ctypes, os

libc = ctypes.CDLL(None)
thread = ctypes.c_ulong()
libc.pthread_create(ctypes.byref(thread), None, ctypes.cast(libc.pause, ctypes.c_void_p), None)

def end():
    global thread
    if thread is not None:
        libc.pthread_cancel(thread)
        libc.pthread_join(thread, None)
        thread = None

os.register_at_fork(before=end)

def count(): return len(os.listdir("/proc/self/task"))
"""


def test_each_run_imports_a_module_whose_threads_no_fork_outlives(tmp_path: Path) -> None:
    module = "tests.cases.native_threads"
    with a_worker(tmp_path) as worker:
        loop = worker.connect()
        loop.say(Prepare((module,)))
        assert "1 thread(s) of native code" in loop.next(Prepared).failed[module]
        loop.run("counts", "native_threads.count", package="tests.cases")
        assert loop.end("counts").result == OWN + 1
        said = worker.output.read_text()
        assert f"each attempt imports {module} itself, which takes longer" in said


def test_a_library_that_is_prepared_for_forks_is_imported_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As NumPy's OpenBLAS, which ends its threads before a fork."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "copied").mkdir()
    (tmp_path / "copied" / "prepared.py").write_text(ENDS_AT_A_FORK)
    with a_worker(tmp_path) as worker:
        loop = worker.connect()
        loop.say(Prepare(("copied.prepared",)))
        assert loop.next(Prepared).failed == {}
        loop.run("counts", "prepared.count", package="copied")
        assert loop.end("counts").result == OWN
