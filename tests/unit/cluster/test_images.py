"""How images get into the test clusters: names, sizes, and what two of them share."""

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.image_archive import FolderImage, write_archive
from tests.cluster.image_builder import parse_size, remove_older
from tests.cluster.image_names import full_reference, read_image_names
from tests.cluster.node_components import component_of
from tests.cluster.oci_archive import write_oci_archive


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("shop:1", "docker.io/library/shop:1"),
        ("jvscheduler/server:1", "docker.io/jvscheduler/server:1"),
        ("localhost/shop:1", "localhost/shop:1"),
        ("registry.example.org/shop:1", "registry.example.org/shop:1"),
        ("registry:5000/shop:1", "registry:5000/shop:1"),
    ],
)
def test_a_short_name_means_one_registry(short: str, full: str) -> None:
    assert full_reference(short) == full


def test_every_role_has_a_name_of_its_own_with_a_tag() -> None:
    names = read_image_names().names()
    assert len(set(names.values())) == len(names)
    assert all(tag and "/" not in tag for _, _, tag in (n.rpartition(":") for n in names.values()))


@pytest.mark.parametrize(
    ("text", "size"), [("12 B", 12), ("1.5 KB", 1500), ("256 MB", 256_000_000), ("2 GB", 2 * 10**9)]
)
def test_a_size_is_read_as_buildah_prints_it(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("image", "component"),
    [
        ("registry.k8s.io/kube-apiserver:v1.36.4", "kubernetes"),
        ("registry.k8s.io/etcd:3.6.8-0", "kubernetes"),
        ("registry.k8s.io/coredns/coredns:v1.14.2", "coredns"),
        ("registry.k8s.io/pause:3.10", "pause"),
        ("docker.io/kindest/local-path-provisioner:v1", "storage"),
        ("docker.io/kindest/local-path-helper:v1", "helper"),
    ],
)
def test_each_image_that_a_node_asks_for_is_one_of_ours(image: str, component: str) -> None:
    assert component_of(image) == component


@dataclass(frozen=True)
class Shelf:
    """A store of names."""

    left: list[str]

    def names(self) -> list[str]:
        return list(self.left)

    def remove(self, image: str) -> None:
        self.left.remove(image)


def test_only_other_tags_of_the_same_image_are_removed() -> None:
    shelf = Shelf(["localhost/a:1", "localhost/a:2", "localhost/ab:1", "localhost/b:1"])
    remove_older(shelf, "localhost/a:2")
    assert shelf.left == ["localhost/a:2", "localhost/ab:1", "localhost/b:1"]


def test_a_folder_becomes_an_image_that_says_what_it_contains(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "pause").write_text("program")
    image = FolderImage(tmp_path / "root", ("a/pause:1", "b/pause:2"), ("/pause",))
    write_archive([image], tmp_path / "images.tar")
    with tarfile.open(tmp_path / "images.tar") as archive:
        (entry,) = json.load(archive.extractfile("manifest.json") or pytest.fail("no manifest"))
        config = json.load(archive.extractfile(entry["Config"]) or pytest.fail("no config"))
        layer = archive.extractfile(entry["Layers"][0])
        with tarfile.open(fileobj=layer) as content:
            assert "./pause" in content.getnames()
    assert entry["RepoTags"] == ["a/pause:1", "b/pause:2"]
    assert config["config"]["Entrypoint"] == ["/pause"]


def pushed(folder: Path, layers: dict[str, str]) -> Path:
    """An image as buildah writes it into a folder."""
    folder.mkdir()
    for digest, content in layers.items():
        (folder / digest).write_text(content)
    manifest = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": list(layers)}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "version").write_text("Directory Transport Version: 1.1\n")
    return folder


def test_what_images_share_is_in_the_archive_once(tmp_path: Path) -> None:
    one = pushed(tmp_path / "one", {"base": "shared", "one": "1"})
    two = pushed(tmp_path / "two", {"base": "shared", "two": "2"})
    names = {one: ["localhost/one:1", "docker.io/one:1"], two: ["localhost/two:1"]}
    write_oci_archive(names, tmp_path / "work", tmp_path / "images.tar")
    with tarfile.open(tmp_path / "images.tar") as archive:
        files = [Path(name).name for name in archive.getnames()]
        index = json.load(archive.extractfile("index.json") or pytest.fail("no index"))
    assert files.count("base") == 1
    assert {"one", "two"} <= set(files)
    entries = [
        (e["digest"], e["annotations"]["io.containerd.image.name"]) for e in index["manifests"]
    ]
    assert [name for _, name in entries] == [name for both in names.values() for name in both]
    assert entries[0][0] == entries[1][0] != entries[2][0]
