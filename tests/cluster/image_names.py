"""The names under which the chart and the README ask for images: read there, not repeated."""

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[2]
CHART = REPOSITORY / "charts" / "jvscheduler"


@dataclass(frozen=True)
class Images:
    """Each as a pod's `image`."""

    operator: str
    server: str
    runner: str
    postgresql: str
    shop: str
    faulty: str
    own: str
    """Not built FROM the runner image."""

    def names(self) -> dict[str, str]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def read_image_names() -> Images:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    operator = chart_image(values["operator"]["image"], version)
    return Images(
        operator=operator,
        server=chart_image(values["server"]["image"], version),
        runner=operator.replace("/operator:", "/runner:"),
        postgresql=chart_image(values["postgresql"]["image"], version),
        shop="shop:1",
        faulty="faulty:1",
        own="own:1",
    )


def chart_image(image: dict[str, Any], version: str) -> str:
    return f"{image['repository']}:{image['tag'] or version}"


def full_reference(image: str) -> str:
    """With the registry that a short name means, as a node's store has it."""
    first, slash, _ = image.partition("/")
    if not slash:
        return f"docker.io/library/{image}"
    return image if re.search(r"[.:]|^localhost$", first) else f"docker.io/{image}"
