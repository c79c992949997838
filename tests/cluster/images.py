"""The images that the tests run, built from the project's own Dockerfiles.

A built image's tag is a hash of all it is built from: what did not change is
neither built nor loaded again. On the node it also has the name that the chart
and the README ask for.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.cache import content_key, discard
from tests.cluster.commands import say
from tests.cluster.debian import bootstrap
from tests.cluster.image_builder import (
    BuildahBuilder,
    DockerBuilder,
    ImageBuilder,
    Recipe,
    remove_older,
)
from tests.cluster.image_names import REPOSITORY, Images, full_reference, read_image_names
from tests.cluster.kind import KindCluster
from tests.cluster.settings import Settings
from tests.cluster.versions import DEBIAN, POSTGRESQL_DEBIAN, PYTHON

PREFIX = "localhost/jvscheduler-"
SHARED = (
    *("Dockerfile", ".dockerignore", "pyproject.toml", "README.md", "LICENSE"),
    *("requirements/build.txt", "runner", "operator", "server"),
)
BASE_PACKAGES = ("python3", "python3-venv", "ca-certificates")
POSTGRESQL = "tests/cluster/postgresql"
SHOP = "examples/shop"
FAULTY = "tests/e2e/image"
OWN = "tests/e2e/own_image"


@dataclass(frozen=True)
class Workshop:
    """Builds what is not there yet; bases are empty where the Dockerfiles' own can be pulled."""

    builder: ImageBuilder
    base: dict[str, str]
    postgresql_base: dict[str, str]

    def project(self, target: str) -> str:
        sources = [*SHARED, f"requirements/{target}.txt"]
        return self._image(target, Recipe(REPOSITORY, target, self.base), sources)

    def folder(self, name: str, folder: str, arguments: Mapping[str, str]) -> str:
        """From a folder that has its own Dockerfile."""
        return self._image(name, Recipe(REPOSITORY / folder, None, arguments), [folder])

    def all(self) -> Images:
        runner = self.project("runner")
        return Images(
            operator=self.project("operator"),
            server=self.project("server"),
            runner=runner,
            postgresql=self.folder("postgresql", POSTGRESQL, self.postgresql_base),
            shop=self.folder("shop", SHOP, {"RUNNER": runner}),
            faulty=self.folder("faulty", FAULTY, {"RUNNER": runner}),
            own=self.folder("own", OWN, {"RUNNER": runner, **self.base}),
        )

    def _image(self, name: str, recipe: Recipe, sources: Iterable[str]) -> str:
        arguments = [f"{key}={value}" for key, value in sorted(recipe.arguments.items())]
        image = f"{PREFIX}{name}:{tree_key(sources, arguments)}"
        if not self.builder.exists(image):
            say(f"building {image}")
            self.builder.build(recipe, image)
            remove_older(self.builder, image)
            say(f"built {image}, {self.builder.size(image) / 1e6:.0f} MB")
        return image


def tree_key(sources: Iterable[str], arguments: Iterable[str]) -> str:
    """A key for the content of files and folders of the repository, with their names."""
    files = sorted(path for source in sources for path in files_below(REPOSITORY / source))
    named = [(str(path.relative_to(REPOSITORY)), path) for path in files]
    return content_key([*arguments, *(part for pair in named for part in pair)])


def files_below(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


def open_workshop(settings: Settings, cluster: KindCluster) -> Workshop:
    """docker where kind runs on one that pulls; else buildah, on a base of Debian packages."""
    if not cluster.engine.own:
        return Workshop(DockerBuilder(cluster.environment), base={}, postgresql_base={})
    builder = BuildahBuilder(settings)
    builder.forget_interrupted()
    python = debian_base(settings, builder, f"python{PYTHON}", BASE_PACKAGES, DEBIAN)
    plain = debian_base(settings, builder, "plain", ("ca-certificates",), POSTGRESQL_DEBIAN)
    return Workshop(builder, base={"BASE": python}, postgresql_base={"BASE": plain})


def debian_base(
    settings: Settings, builder: BuildahBuilder, purpose: str, packages: Sequence[str], suite: str
) -> str:
    root = bootstrap(settings, purpose, packages, suite)
    image = f"{PREFIX}base-{purpose}:{content_key([root.name])}"
    if not builder.exists(image):
        with tempfile.TemporaryDirectory(dir=settings.cache) as name:
            context = Path(name)
            (context / "base.tar").hardlink_to(root)
            (context / "Dockerfile").write_text("FROM scratch\nADD base.tar /\n")
            builder.build(Recipe(context), image)
    return image


def load_images(cluster: KindCluster, builder: ImageBuilder, wanted: Mapping[str, str]) -> None:
    """Put into the node's store, under both names, what it does not have: built -> asked for."""
    loaded = cluster.loaded_images()
    names = {built: full_reference(asked) for built, asked in wanted.items()}
    missing = {
        built: [name]
        for built, name in names.items()
        if built not in loaded or loaded.get(name) != loaded[built]
    }
    if not missing:
        return
    say(f"loading {', '.join(name for (name,) in missing.values())}")
    archive = cluster.settings.cache / "images.tar"
    builder.save(missing, archive)
    cluster.load_archive(archive)
    discard(archive)
    say("loaded")


def build_and_load(settings: Settings, cluster: KindCluster) -> Images:
    workshop = open_workshop(settings, cluster)
    built, asked = workshop.all(), read_image_names()
    wanted = {name: asked.names()[role] for role, name in built.names().items()}
    load_images(cluster, workshop.builder, wanted)
    return asked
