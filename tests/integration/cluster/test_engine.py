"""The docker engine of the tests' own: it works, and a killed one leaves nothing behind."""

import json
import os
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.binaries import find_binaries
from tests.cluster.cache import discard
from tests.cluster.commands import run, succeeds
from tests.cluster.engine import OwnEngine
from tests.cluster.image_builder import DockerBuilder, Recipe
from tests.cluster.layout import EngineLayout
from tests.cluster.leftovers import CGROUPS, find_leftovers
from tests.cluster.mounts import MOUNTS, mounts_below
from tests.cluster.settings import Settings


@pytest.fixture
def engine(tmp_path: Path, cluster_settings: Settings) -> Iterator[OwnEngine]:
    engine = OwnEngine(
        EngineLayout("jvsleftovers", tmp_path / "docker", "10.79.0"), cluster_settings
    )
    try:
        engine.up()
        yield engine
    finally:
        engine.down()


def run_container(engine: OwnEngine) -> None:
    archive = engine.layout.state / "pause.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(find_binaries(engine.settings).pause, "pause")
    run("docker", "import", archive, "pause:1", env=engine.environment)
    run("docker", "run", "--detach", "pause:1", "/pause", env=engine.environment)


def kill_engine(engine: OwnEngine) -> None:
    """As a power cut would, but for the container and its shim, which live on."""
    containerd = engine.layout.state / "exec/containerd/containerd.pid"
    for file in (engine.pid_file, containerd):
        os.kill(int(file.read_text()), signal.SIGKILL)


def is_gone(layout: EngineLayout) -> bool:
    return not (
        find_leftovers(layout)
        or mounts_below(layout.state, MOUNTS.read_text())
        or mounts_below(layout.data, MOUNTS.read_text())
        or layout.namespace.exists()
        or succeeds("ip", "link", "show", layout.host_link)
        or list(CGROUPS.glob(f"*/{layout.name}"))
        or layout.state.exists()
    )


def test_taking_down_after_a_crash_leaves_nothing(engine: OwnEngine) -> None:
    run_container(engine)
    kill_engine(engine)
    assert find_leftovers(engine.layout), "the container outlives its engine"
    engine.down()
    assert is_gone(engine.layout)


def test_starting_after_a_crash_works_without_taking_down(engine: OwnEngine) -> None:
    run_container(engine)
    kill_engine(engine)
    engine.up()
    run_container(engine)
    running = run("docker", "ps", "--quiet", env=engine.environment)
    assert len(running.split()) == 1


def test_docker_builds_and_saves_an_image_under_all_its_names(
    engine: OwnEngine, tmp_path: Path
) -> None:
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("ARG FILE\nFROM scratch AS final\nARG FILE\nCOPY $FILE /\n")
    (context / "content").write_text("x" * 1000)
    builder = DockerBuilder(engine.environment)
    assert not builder.exists("localhost/built:1")
    builder.build(Recipe(context, "final", {"FILE": "content"}), "localhost/built:1")
    assert builder.exists("localhost/built:1")
    assert builder.size("localhost/built:1") == 1000
    builder.save({"localhost/built:1": ["docker.io/library/built:2"]}, tmp_path / "image.tar")
    with tarfile.open(tmp_path / "image.tar") as archive:
        (entry,) = json.load(archive.extractfile("manifest.json") or pytest.fail("no manifest"))
    assert sorted(entry["RepoTags"]) == ["built:2", "localhost/built:1"]


def test_discarding_a_folder_spares_what_is_mounted_below_it(tmp_path: Path) -> None:
    precious, folder = tmp_path / "precious", tmp_path / "folder"
    (folder / "root").mkdir(parents=True)
    precious.mkdir()
    (precious / "file").write_text("kept")
    subprocess.run(["mount", "--bind", precious, folder / "root"], check=True)
    discard(folder)
    assert not folder.exists()
    assert (precious / "file").read_text() == "kept"
