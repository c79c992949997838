"""Several images in one archive, where what they share is written and loaded once.

buildah writes one image at a time, and compresses when it writes an OCI layout;
decompressing is what makes loading slow. So its plain folders are linked into a
layout here.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cluster.commands import run

OCI_VERSION = {"imageLayoutVersion": "1.0.0"}


def write_oci_archive(folders: Mapping[Path, Sequence[str]], work: Path, archive: Path) -> None:
    """`folders`: an image as `buildah push … dir:` writes it, and the names it shall have."""
    blobs = work / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    entries = []
    for folder, names in folders.items():
        manifest = link_blobs(folder, blobs)
        entries += [index_entry(manifest, name) for name in names]
    index = {"schemaVersion": 2, "manifests": entries}
    (work / "index.json").write_text(json.dumps(index))
    (work / "oci-layout").write_text(json.dumps(OCI_VERSION))
    run("tar", "-C", work, "-cf", archive, "oci-layout", "index.json", "blobs")


def link_blobs(folder: Path, blobs: Path) -> Path:
    """The manifest among the blobs."""
    content = (folder / "manifest.json").read_bytes()
    manifest = blobs / hashlib.sha256(content).hexdigest()
    manifest.write_bytes(content)
    for file in folder.iterdir():
        target = blobs / file.name
        if file.name not in {"manifest.json", "version"} and not target.exists():
            target.hardlink_to(file)
    return manifest


def index_entry(manifest: Path, name: str) -> dict[str, object]:
    """containerd reads an image's whole name from an annotation of its own."""
    return {
        "mediaType": json.loads(manifest.read_text())["mediaType"],
        "digest": f"sha256:{manifest.name}",
        "size": manifest.stat().st_size,
        "annotations": {"io.containerd.image.name": name},
    }
