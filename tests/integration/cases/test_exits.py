"""At the end of a run, what Python does at a process's end is done, for what the run has made."""

import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from jvscheduler.outcomes import Status
from jvscheduler.worker.messages import Prepare, Prepared
from tests import cases
from tests.support.dev_process import history, run_dev
from tests.support.worker_process import Speaker, a_worker

CASE = Path(next(iter(cases.__path__)), "exits.py")
WRITTEN = {
    "out-log.txt": "sold 3\n",
    "out-journal.txt": "sold 3\n",
    "out-atexit.txt": "ran",
    "out-background.txt": "cleaned",
    "out-executor.txt": "done",
}
IMPORTED_ONCE = """
import atexit, gzip, logging, logging.handlers, tempfile, weakref
from pathlib import Path

HERE = Path(__file__).parent

def removed(): (HERE / "shared").write_text("removed")

class Shared: ...

shared = Shared()
(HERE / "shared").write_text("kept")
atexit.register(removed)
weakref.finalize(shared, removed)
journal = (HERE / "journal").open("a")
journal.write("opened\\n")
log = logging.getLogger("once")
log.setLevel("INFO")
log.addHandler(logging.handlers.MemoryHandler(9, target=logging.FileHandler(HERE / "log")))
log.info("imported")

def sell():
    global packed, folder
    journal.write("sold\\n")
    log.info("sold")
    weakref.finalize(folder := Shared(), (HERE / "finalized").write_text, "own")
    packed = gzip.open(HERE / "packed.gz", "wt")
    packed.write("packed")

def fails():
    atexit.register((HERE / "after-error").write_text, "ran")
    atexit.register(lambda: 1 / 0)
    raise ValueError("no stock")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a package that a worker can import."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    folder = tmp_path / "copied"
    folder.mkdir()
    shutil.copy(CASE, folder)
    (folder / "once.py").write_text(IMPORTED_ONCE)
    return folder


@pytest.fixture
def loop(folder: Path) -> Iterator[Speaker]:
    with a_worker(folder.parent) as worker:
        yield worker.connect()


@pytest.mark.parametrize("prepared", [True, False], ids=["imported once", "imported by the run"])
def test_in_a_loops_worker(prepared: bool, folder: Path, loop: Speaker) -> None:
    if prepared:
        loop.say(Prepare(("copied.exits",)))
        assert loop.next(Prepared).failed == {}
    for task in ("hooks", "pending"):
        loop.run(task, f"exits.{task}", package="copied")
        assert loop.end(task).status == Status.COMPLETED
    assert {path.name: path.read_text() for path in folder.glob("out-*")} == WRITTEN


def test_under_dev_once(tmp_path: Path) -> None:
    shutil.copy(CASE, tmp_path / "tasks.py")
    for task in ("hooks", "pending"):
        assert run_dev(tmp_path, "tasks", "--once", task).returncode == 0
    assert {path.name: path.read_text() for path in tmp_path.glob("out-*")} == WRITTEN
    assert {job.status for job in history(tmp_path)} == {"completed"}


def test_what_a_module_registered_in_the_worker_runs_in_no_run(folder: Path, loop: Speaker) -> None:
    loop.say(Prepare(("copied.once",)))
    assert loop.next(Prepared).failed == {}
    for run_id in ("a", "b"):
        loop.run(run_id, "once.sell", package="copied")
        assert loop.end(run_id).status == Status.COMPLETED
    assert (folder / "shared").read_text() == "kept"
    assert (folder / "finalized").read_text() == "own"
    assert gzip.decompress((folder / "packed.gz").read_bytes()) == b"packed"
    # The worker has written what the import had left in its buffers, once.
    assert (folder / "journal").read_text() == "opened\nsold\nsold\n"
    assert (folder / "log").read_text() == "imported\nsold\nsold\n"


def test_a_run_that_failed_ends_in_the_same_way(folder: Path, loop: Speaker) -> None:
    loop.run("fails", "once.fails", package="copied")
    end = loop.end("fails")
    assert (end.status, end.error_message) == (Status.FAILED, "ValueError: no stock")
    assert (folder / "after-error").read_text() == "ran"
    assert "ZeroDivisionError" in end.log_tail
