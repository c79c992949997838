"""The images that the tests run, built from the project's own Dockerfiles.

An image's tag is a hash of all it is built from: what did not change is neither
built nor loaded again, and a tag never means two things.
"""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from tests.cluster.cache import content_key, discard
from tests.cluster.commands import say
from tests.cluster.debian import bootstrap
from tests.cluster.image_builder import BuildahBuilder, DockerBuilder, ImageBuilder, Recipe
from tests.cluster.kind import KindCluster
from tests.cluster.settings import Settings
from tests.cluster.versions import PYTHON

REPOSITORY = Path(__file__).parents[2]
PREFIX = "localhost/jvscheduler-"
TAG = "tests"
SHARED = (
    *("Dockerfile", ".dockerignore", "pyproject.toml", "README.md", "LICENSE"),
    *("requirements/build.txt", "runner", "operator", "server"),
)
BASE_PACKAGES = ("python3", "python3-venv", "ca-certificates")


@dataclass(frozen=True)
class Images:
    """Names with tags, as a pod's `image`."""

    operator: str
    server: str
    runner: str
    postgresql: str
    shop: str

    def names(self) -> list[str]:
        return [getattr(self, one.name) for one in fields(self)]


@dataclass(frozen=True)
class Workshop:
    """Builds what is not there yet; `base` is empty where the Dockerfile's own can be pulled."""

    builder: ImageBuilder
    base: dict[str, str]

    def project(self, target: str) -> str:
        sources = [*SHARED, f"requirements/{target}.txt"]
        return self._image(target, Recipe(REPOSITORY, target, self.base), sources)

    def postgresql(self) -> str:
        folder = "tests/cluster/postgresql"
        return self._image("postgresql", Recipe(REPOSITORY / folder, None, self.base), [folder])

    def shop(self, runner: str) -> str:
        folder = "examples/shop"
        return self._image("shop", Recipe(REPOSITORY / folder, None, {"RUNNER": runner}), [folder])

    def all(self) -> Images:
        runner = self.project("runner")
        return Images(
            operator=self.project("operator"),
            server=self.project("server"),
            runner=runner,
            postgresql=self.postgresql(),
            shop=self.shop(runner),
        )

    def _image(self, name: str, recipe: Recipe, sources: Iterable[str]) -> str:
        arguments = [f"{key}={value}" for key, value in sorted(recipe.arguments.items())]
        image = f"{PREFIX}{name}:{tree_key(sources, arguments)}"
        if not self.builder.exists(image):
            say(f"building {image}")
            self.builder.build(recipe, image)
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
    return [one for one in path.rglob("*") if one.is_file() and "__pycache__" not in one.parts]


def open_workshop(settings: Settings, cluster: KindCluster) -> Workshop:
    """docker where kind runs on one that pulls; else buildah, on a base of Debian packages."""
    if not cluster.engine.own:
        return Workshop(DockerBuilder(cluster.environment), base={})
    builder = BuildahBuilder(settings)
    return Workshop(builder, base={"BASE": debian_base(settings, builder)})


def debian_base(settings: Settings, builder: BuildahBuilder) -> str:
    root = bootstrap(settings, f"python{PYTHON}", BASE_PACKAGES)
    image = f"{PREFIX}base:{content_key(BASE_PACKAGES)}"
    if not builder.exists(image):
        with tempfile.TemporaryDirectory(dir=settings.cache) as name:
            context = Path(name)
            (context / "base.tar").hardlink_to(root)
            (context / "Dockerfile").write_text("FROM scratch\nADD base.tar /\n")
            builder.build(Recipe(context), image)
    return image


def load_images(cluster: KindCluster, builder: ImageBuilder, images: Iterable[str]) -> None:
    """Put what the node does not have yet into its store, in one archive."""
    missing = sorted(set(images) - cluster.loaded_images())
    if not missing:
        return
    say(f"loading {len(missing)} images")
    archive = cluster.settings.cache / "images.tar"
    discard(archive)
    builder.save(missing, archive)
    cluster.load_archive(archive)
    discard(archive)
    say("loaded")


def named_images(prefix: str) -> Images:
    """Images that someone else built and pushed."""
    return Images(**{one.name: f"{prefix}{one.name}:{TAG}" for one in fields(Images)})


def build_and_load(settings: Settings, cluster: KindCluster) -> Images:
    workshop = open_workshop(settings, cluster)
    images = workshop.all()
    load_images(cluster, workshop.builder, images.names())
    return images
