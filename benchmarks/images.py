"""The size of the project's images, against the Python image that they are built from."""

from collections.abc import Iterator

from benchmarks.report import Ratio
from tests.cluster.images import open_workshop
from tests.cluster.kind import bring_up
from tests.cluster.settings import read_settings

TARGETS = ("runner", "operator", "server")
MEGABYTE = 1e6


def measure() -> Iterator[Ratio]:
    settings = read_settings()
    workshop = open_workshop(settings, bring_up(settings))
    base = workshop.base["BASE"]
    base_size = workshop.builder.size(base) / MEGABYTE
    for target in TARGETS:
        size = workshop.builder.size(workshop.project(target)) / MEGABYTE
        yield Ratio(f"image {target}", size, "its Python base", base_size, unit="MB")
