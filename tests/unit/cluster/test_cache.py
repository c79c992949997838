"""The test clusters' cache and what decides over leftovers: a thing is whole or not there."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.cache import build_once, content_key, half_of, is_unused, keep_only, used
from tests.cluster.commands import run
from tests.cluster.errors import MissingPrerequisiteError
from tests.cluster.layout import EngineLayout
from tests.cluster.leftovers import Process, belongs
from tests.cluster.mounts import mounts_below
from tests.cluster.prerequisites import require_go, require_programs

LAYOUT = EngineLayout("jvscheduler", Path("/cache/docker"), "10.78.0")


def write(target: Path) -> None:
    target.write_text("whole")


def test_a_thing_is_built_once(tmp_path: Path) -> None:
    build_once(tmp_path / "thing", write)
    build_once(tmp_path / "thing", lambda _: pytest.fail("built again"))
    assert (tmp_path / "thing").read_text() == "whole"


def test_a_failed_build_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    def fail(target: Path) -> None:
        target.write_text("ha")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        build_once(tmp_path / "thing", fail)
    assert not (tmp_path / "thing").exists()
    build_once(tmp_path / "thing", write)
    assert (tmp_path / "thing").read_text() == "whole"


@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
def test_a_half_of_an_interrupted_run_is_thrown_away(tmp_path: Path, folder: bool) -> None:
    half = half_of(tmp_path / "thing")
    if folder:
        half.mkdir()
        (half / "part").touch()
    else:
        half.write_text("ha")

    def build(target: Path) -> None:
        assert not target.exists()
        write(target)

    build_once(tmp_path / "thing", build)
    assert not half.exists()


def test_a_killed_build_is_done_again_by_the_next_run(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from tests.cluster.cache import build_once\n"
        "build_once(Path(sys.argv[1]), lambda half: (half.write_text('ha'), time.sleep(600)))"
    )
    target = tmp_path / "thing"
    killed = subprocess.Popen([sys.executable, "-c", script, str(target)])
    deadline = time.monotonic() + 30
    while not half_of(target).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert half_of(target).exists()
    killed.kill()
    killed.wait()
    build_once(target, write)
    assert target.read_text() == "whole"
    assert not half_of(target).exists()


def test_what_several_sessions_use_is_unused_only_after_the_last(tmp_path: Path) -> None:
    lock = tmp_path / "users"
    with used(lock):
        with used(lock):
            assert not is_unused(lock)
        assert not is_unused(lock)
    assert is_unused(lock)


def test_older_versions_go_whole_or_half_made(tmp_path: Path) -> None:
    names = ["node-1.tar", "node-2.tar", ".node-1.tar.half", "other-1.tar"]
    for name in names:
        (tmp_path / name).touch()
    keep_only(tmp_path, "node-*.tar", tmp_path / "node-2.tar")
    assert {path.name for path in tmp_path.iterdir()} == {"node-2.tar", "other-1.tar"}


def test_a_key_tells_contents_apart_and_where_one_ends(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("ab")
    assert content_key([file]) == content_key(["ab"])
    assert content_key(["ab", "c"]) != content_key(["a", "bc"])


def test_mounts_are_found_below_a_folder_deepest_first() -> None:
    table = "\n".join(
        f"none {point} tmpfs rw 0 0"
        for point in ["/", "/cache", "/cache/root/proc", "/cache-of-another", r"/cache/a\040b"]
    )
    found = mounts_below(Path("/cache"), table)
    assert found == [Path("/cache/a b"), Path("/cache/root/proc"), Path("/cache")]


@dataclass(frozen=True)
class Case:
    id: str
    process: Process
    ours: bool


def process(*argv: str, cgroup: str = "/", namespace: int = 1) -> Process:
    return Process(7, argv, f"4:memory:{cgroup}\n1:cpu:/\n", namespace)


CASES = [
    Case("dockerd that names our folder", process("dockerd", "--data-root", "/cache/docker"), True),
    Case(
        "an orphaned shim",
        process("/usr/bin/containerd-shim-runc-v2", "/run/jvscheduler/exec"),
        True,
    ),
    Case("a container whose shim is dead", process("sleep", cgroup="/jvscheduler/af01"), True),
    Case("a proxy in our network", process("docker-proxy", namespace=2), True),
    Case("another docker's container", process("sleep", cgroup="/docker/af01"), False),
    Case("another docker", process("dockerd", "--data-root", "/var/lib/docker"), False),
    Case("a developer reading our log", process("tail", "/run/jvscheduler/dockerd.log"), False),
    Case("a process that just ended", Process(7, (), "", 1), False),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_only_our_processes_are_ended(case: Case) -> None:
    assert belongs(case.process, LAYOUT, namespace=2) is case.ours


def test_without_our_network_namespace_nothing_is_in_it() -> None:
    assert not belongs(process("sleep", namespace=1), LAYOUT, namespace=None)


def test_a_missing_package_is_named_with_the_command_that_installs_it() -> None:
    programs = {"no-such-program": "some-package", "sh": "dash"}
    with pytest.raises(MissingPrerequisiteError, match=r"apt-get install .* some-package\n"):
        require_programs(programs, "this test")


def test_go_is_named_with_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingPrerequisiteError, match=r"Go 1\.26 or newer from https://go\.dev"):
        require_go()


def test_any_other_missing_program_is_named() -> None:
    with pytest.raises(MissingPrerequisiteError, match="no-such-program is not installed"):
        run("no-such-program")
