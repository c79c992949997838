"""Container images from plain folders, in the archive format that every engine loads.

The node's component images are a few static programs each; writing the archive
ourselves needs no running engine.
"""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
SEARCH_PATH = "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/bin"


@dataclass(frozen=True)
class FolderImage:
    """One image; `names` are all the references it shall have."""

    folder: Path
    names: tuple[str, ...]
    entrypoint: tuple[str, ...] = ()


def write_archive(images: Sequence[FolderImage], target: Path) -> None:
    manifest = []
    with tarfile.open(target, "w") as archive:
        for image in images:
            layer = pack_layer(image.folder, target.with_suffix(".layer"))
            config = image_config(image, file_digest(layer))
            name = hashlib.sha256(config).hexdigest()
            archive.add(layer, f"{name}.tar")
            add_bytes(archive, f"{name}.json", config)
            entry = {"Config": f"{name}.json", "RepoTags": image.names, "Layers": [f"{name}.tar"]}
            manifest.append(entry)
            layer.unlink()
        add_bytes(archive, "manifest.json", json.dumps(manifest).encode())


def pack_layer(folder: Path, target: Path) -> Path:
    with tarfile.open(target, "w") as layer:
        layer.add(folder, ".", filter=owned_by_root)
    return target


def owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def image_config(image: FolderImage, digest: str) -> bytes:
    config = {
        "architecture": ARCHITECTURES[platform.machine()],
        "os": "linux",
        "config": {"Env": [SEARCH_PATH], "Entrypoint": image.entrypoint},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    return json.dumps(config, sort_keys=True).encode()


def file_digest(path: Path) -> str:
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))
