"""Building images: with the docker that kind runs on, or with buildah and no daemon.

buildah keeps its storage in the cache. Where TLS goes through a proxy, pip is
given its CA by a mounted pip.conf, so that no image carries it.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.cluster.cache import discard
from tests.cluster.commands import run, succeeds
from tests.cluster.oci_archive import write_oci_archive
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


class ImageStore(Protocol):
    def names(self) -> list[str]:
        """Of all images there are."""

    def remove(self, image: str) -> None: ...


class ImageBuilder(ImageStore, Protocol):
    def exists(self, image: str) -> bool: ...

    def build(self, recipe: Recipe, image: str) -> None: ...

    def save(self, images: Mapping[str, Sequence[str]], archive: Path) -> None:
        """Write images, each under its own name and those that it maps to."""

    def size(self, image: str) -> int: ...


def remove_older(store: ImageStore, image: str) -> None:
    """Other tags of the same name: no run will ask for them again."""
    repository, _, _ = image.rpartition(":")
    for name in store.names():
        if name != image and name.rpartition(":")[0] == repository:
            store.remove(name)


@dataclass(frozen=True)
class DockerBuilder:
    environment: Mapping[str, str]

    def exists(self, image: str) -> bool:
        return succeeds("docker", "image", "inspect", image, env=self.environment)

    def build(self, recipe: Recipe, image: str) -> None:
        words = ("docker", "build", "--quiet", *recipe.words(), f"--tag={image}")
        run(*words, recipe.context, env=self.environment)

    def save(self, images: Mapping[str, Sequence[str]], archive: Path) -> None:
        for image, names in images.items():
            for name in names:
                run("docker", "tag", image, name, env=self.environment)
        saved = [name for image, names in images.items() for name in (image, *names)]
        run("docker", "save", f"--output={archive}", *saved, env=self.environment)

    def size(self, image: str) -> int:
        words = ("docker", "image", "inspect", "--format={{.Size}}", image)
        return int(run(*words, env=self.environment))

    def names(self) -> list[str]:
        words = ("docker", "images", "--format={{.Repository}}:{{.Tag}}")
        return run(*words, env=self.environment).split()

    def remove(self, image: str) -> None:
        run("docker", "rmi", image, env=self.environment)


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

    def save(self, images: Mapping[str, Sequence[str]], archive: Path) -> None:
        work = archive.with_suffix(".work")
        discard(work)
        work.mkdir()
        folders = {image: work / str(number) for number, image in enumerate(images)}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(self._write, folders.keys(), folders.values()))
        named = {folders[image]: [image, *names] for image, names in images.items()}
        write_oci_archive(named, work / "layout", archive)
        discard(work)

    def size(self, image: str) -> int:
        """The first of what buildah prints: a line for each name of the image."""
        words = ("images", "--format={{.Size}}", image)
        return parse_size(run(*self._buildah(*words)).splitlines()[0])

    def names(self) -> list[str]:
        return run(*self._buildah("images", "--format={{.Name}}:{{.Tag}}")).split()

    def remove(self, image: str) -> None:
        run(*self._buildah("rmi", image))

    def forget_interrupted(self) -> None:
        """Builds that were killed leave containers and their mounts."""
        run(*self._buildah("rm", "--all"))

    def _write(self, image: str, folder: Path) -> None:
        words = ("push", "--quiet", "--disable-compression", image, f"dir:{folder}")
        run(*self._buildah(*words))

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


def parse_size(text: str) -> int:
    """Bytes, from what buildah prints: `123 MB`."""
    number, unit = text.split()
    exponent: int = ("B", "KB", "MB", "GB").index(unit.upper())
    return round(float(number) * float(f"1e{3 * exponent}"))
