"""Images are built without a daemon, saved together, and a killed build is forgotten."""

import json
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.cache import discard
from tests.cluster.commands import run
from tests.cluster.image_builder import BuildahBuilder, Recipe
from tests.cluster.mounts import MOUNTS, mounts_below
from tests.cluster.settings import Settings

BASE, APP = "localhost/base:1", "localhost/app:1"


@pytest.fixture
def builder(tmp_path: Path, cluster_settings: Settings) -> Iterator[BuildahBuilder]:
    """A builder with a store of its own."""
    yield BuildahBuilder(replace(cluster_settings, cache=tmp_path / "cache"))
    discard(tmp_path / "cache")


@pytest.fixture
def built(builder: BuildahBuilder, tmp_path: Path) -> BuildahBuilder:
    """One image on another."""
    (tmp_path / "cache").mkdir()
    for name, parent in (("base", "scratch"), ("app", BASE)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text(name)
        (folder / "Dockerfile").write_text(f"ARG FROM\nFROM ${{FROM}}\nCOPY {name} /\n")
        builder.build(Recipe(folder, None, {"FROM": parent}), f"localhost/{name}:1")
    return builder


def content(archive: tarfile.TarFile, name: str) -> Any:
    return json.load(archive.extractfile(name) or pytest.fail(f"no {name}"))


def test_an_image_is_built_from_another_and_removed(built: BuildahBuilder) -> None:
    assert built.exists(APP)
    assert {BASE, APP} <= set(built.names())
    assert built.size(APP) > 0
    built.remove(APP)
    assert not built.exists(APP)


def test_saved_images_have_all_their_names_and_share_their_layers(
    built: BuildahBuilder, tmp_path: Path
) -> None:
    built.save({BASE: [], APP: ["docker.io/library/app:2"]}, tmp_path / "images.tar")
    with tarfile.open(tmp_path / "images.tar") as archive:
        index = content(archive, "index.json")
        digests = [entry["digest"].removeprefix("sha256:") for entry in index["manifests"]]
        manifests = [content(archive, f"blobs/sha256/{digest}") for digest in digests]
    names = [entry["annotations"]["io.containerd.image.name"] for entry in index["manifests"]]
    assert names == [BASE, APP, "docker.io/library/app:2"]
    base, app, _ = manifests
    assert app["layers"][: len(base["layers"])] == base["layers"]
    assert {layer["mediaType"].rpartition(".")[2] for layer in app["layers"]} == {"tar"}


def test_what_a_killed_build_leaves_is_forgotten(built: BuildahBuilder) -> None:
    store = built.settings.cache / "images"
    storage = (f"--root={store}", f"--runroot={store / 'run'}", "--storage-driver=overlay")
    container = run("buildah", *storage, "from", APP).strip()
    mounted = Path(run("buildah", *storage, "mount", container).strip())
    assert mounted in mounts_below(store, MOUNTS.read_text())
    built.forget_interrupted()
    assert run("buildah", *storage, "containers", "--quiet") == ""
    assert mounted not in mounts_below(store, MOUNTS.read_text())
