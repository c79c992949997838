"""The images that kubeadm and kind's storage class ask for, put into the node's own store.

Kubernetes is one binary here, so its components, etcd and nft are one image
under several names.
"""

import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.cluster.binaries import Binaries
from tests.cluster.cache import discard
from tests.cluster.commands import run
from tests.cluster.image_archive import FolderImage, write_archive
from tests.cluster.versions import KUBERNETES

IMPORT = Path(__file__).parent / "node" / "import-images.sh"
COMPONENTS = {
    "coredns": "coredns",
    "pause": "pause",
    "local-path-provisioner": "storage",
    "local-path-helper": "helper",
}


def import_component_images(binaries: Binaries, root: Path, work: Path, manifest: str) -> None:
    """`manifest` is the storage class', which names its own images."""
    folders = lay_components(binaries, root, work)
    by_component: dict[str, set[str]] = {}
    for name in wanted_images(binaries, root, manifest):
        by_component.setdefault(component_of(name), set()).add(name)
    images = [
        FolderImage(folders[component], tuple(sorted(names)), entrypoint_of(component))
        for component, names in sorted(by_component.items())
    ]
    write_archive(images, root / "images.tar")
    run(IMPORT, root)
    clear(root)


def wanted_images(binaries: Binaries, root: Path, manifest: str) -> list[str]:
    config = (root / "etc/containerd/config.toml").read_text()
    listing = ("config", "images", "list", "--kubernetes-version", KUBERNETES)
    sandbox = re.findall(r'sandbox_image = "(.*)"', config)
    storage = re.findall(r"image: *(\S+)", manifest)
    return [*run(binaries.k8s, "kubeadm", *listing).split(), *sandbox, *storage]


def component_of(image: str) -> str:
    return COMPONENTS.get(image.rsplit("/", 1)[-1].split(":", maxsplit=1)[0], "kubernetes")


def entrypoint_of(component: str) -> tuple[str, ...]:
    return (f"/{component}",) if component in {"coredns", "pause"} else ()


def lay_components(binaries: Binaries, root: Path, work: Path) -> dict[str, Path]:
    """A folder for each image."""
    lay: dict[str, Callable[[Path], None]] = {
        "kubernetes": partial(lay_kubernetes, binaries, root),
        "storage": lambda folder: put(binaries.local_path_provisioner, folder / "usr/local/bin"),
        "helper": lambda folder: take_programs(root, folder, "/bin/sh", "/bin/mkdir", "/bin/rm"),
        "coredns": lambda folder: put(binaries.coredns, folder),
        "pause": lambda folder: put(binaries.pause, folder),
    }
    folders = {component: work / component for component in lay}
    for component, fill in lay.items():
        folders[component].mkdir()
        fill(folders[component])
    return folders


def lay_kubernetes(binaries: Binaries, root: Path, folder: Path) -> None:
    take_programs(root, folder, "/usr/sbin/nft")
    programs = folder / "usr/local/bin"
    put(binaries.k8s, programs)
    put(binaries.etcd, programs)
    for name in ("apiserver", "controller-manager", "scheduler", "proxy"):
        (programs / f"kube-{name}").symlink_to("k8s")


def put(program: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(program, folder)


def take_programs(root: Path, folder: Path, *programs: str) -> None:
    """Copy programs of the Debian system in `root` with the libraries they load."""
    libraries = re.findall(r"(/\S+) \(0x", run("chroot", root, "ldd", *programs))
    for name in {*programs, *libraries}:
        copy = folder / name.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy((root / name.lstrip("/")).resolve(), copy)


def clear(root: Path) -> None:
    (root / "images.tar").unlink()
    for folder in (root / "tmp", root / "run"):
        for path in folder.iterdir():
            discard(path)
