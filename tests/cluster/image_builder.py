"""Building images: with the docker that kind runs on, or with buildah and no daemon.

buildah keeps its storage in the cache. Where TLS goes through a proxy, pip is
told of its CA by a mounted pip.conf, so that no image carries it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.cluster.cache import discard
from tests.cluster.commands import run, succeeds
from tests.cluster.prerequisites import IMAGE_BUILDER, require_programs, require_root
from tests.cluster.settings import Settings


@dataclass(frozen=True)
class Recipe:
    """What one image is built from; `target` is a stage of the Dockerfile."""

    context: Path
    target: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)

    def words(self) -> list[str]:
        target = [f"--target={self.target}"] if self.target else []
        arguments = [f"--build-arg={name}={value}" for name, value in self.arguments.items()]
        return [*target, *arguments]


class ImageBuilder(Protocol):
    def exists(self, image: str) -> bool: ...

    def build(self, recipe: Recipe, image: str) -> None: ...

    def save(self, images: Sequence[str], archive: Path) -> None: ...

    def size(self, image: str) -> int: ...


@dataclass(frozen=True)
class DockerBuilder:
    environment: Mapping[str, str]

    def exists(self, image: str) -> bool:
        return succeeds("docker", "image", "inspect", image, env=self.environment)

    def build(self, recipe: Recipe, image: str) -> None:
        words = ("docker", "build", "--quiet", *recipe.words(), f"--tag={image}")
        run(*words, recipe.context, env=self.environment)

    def save(self, images: Sequence[str], archive: Path) -> None:
        run("docker", "save", f"--output={archive}", *images, env=self.environment)

    def size(self, image: str) -> int:
        words = ("docker", "image", "inspect", "--format={{.Size}}", image)
        return int(run(*words, env=self.environment))


@dataclass(frozen=True)
class BuildahBuilder:
    settings: Settings

    def exists(self, image: str) -> bool:
        return succeeds(*self._buildah("inspect", "--type=image", image))

    def build(self, recipe: Recipe, image: str) -> None:
        require_root("building images with buildah")
        require_programs(IMAGE_BUILDER, "building images without docker")
        options = ("--quiet", "--isolation=chroot", "--network=host", "--layers")
        words = (*options, *self._certificates(), *recipe.words(), f"--tag={image}")
        run(*self._buildah("build", *words, recipe.context))

    def save(self, images: Sequence[str], archive: Path) -> None:
        """One OCI layout for all, so that what they share is stored and loaded once."""
        layout = archive.with_suffix(".layout")
        for image in images:
            words = ("push", "--quiet", "--disable-compression", image, f"oci:{layout}:{image}")
            run(*self._buildah(*words))
        name_for_containerd(layout / "index.json")
        run("tar", "-C", layout, "-cf", archive, ".")
        discard(layout)

    def size(self, image: str) -> int:
        words = ("images", "--format={{.Size}}", image)
        return parse_size(run(*self._buildah(*words)))

    def _buildah(self, *words: str | Path) -> list[str | Path]:
        root = self.settings.cache / "images"
        storage = (f"--root={root}", f"--runroot={root / 'run'}", "--storage-driver=overlay")
        return ["buildah", *storage, *words]

    def _certificates(self) -> list[str]:
        bundle = self.settings.ca_bundle
        if not bundle:
            return []
        config = self.settings.cache / "pip.conf"
        config.write_text("[global]\ncert = /etc/pip-ca.pem\n")
        files = ((config, "/etc/pip.conf"), (bundle.resolve(), "/etc/pip-ca.pem"))
        return [f"--volume={file}:{inside}:ro" for file, inside in files]


def name_for_containerd(index: Path) -> None:
    """containerd reads an image's whole name from an annotation of its own."""
    content = json.loads(index.read_text())
    for manifest in content["manifests"]:
        annotations = manifest["annotations"]
        name = annotations["org.opencontainers.image.ref.name"]
        annotations["io.containerd.image.name"] = name
    index.write_text(json.dumps(content))


def parse_size(text: str) -> int:
    """Bytes, from what buildah prints: `123 MB`."""
    number, unit = text.split()
    exponent: int = ("B", "KB", "MB", "GB").index(unit.upper())
    return round(float(number) * float(f"1e{3 * exponent}"))
