"""The values of a project that are not options of a task, and how each is written.

The command line takes the same ones. It does not load pydantic for them.
"""

import re
from typing import Final

from jvscheduler.manifests import patterns

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_IMAGE: Final = re.compile(patterns.IMAGE)


def check_image(text: str) -> str:
    """Raises ValueError."""
    if _IMAGE.fullmatch(text) is None or len(text) > patterns.MAX_IMAGE:
        raise ValueError(
            "expected an image such as shop:1 or registry.example:5000/team/shop:1, in lower case "
            f"and without http://, got {text!r}"
        )
    return text


def check_name(text: str) -> str:
    """A namespace, or the value of a label that is as short. Raises ValueError."""
    if _NAME.fullmatch(text) is None:
        raise ValueError(
            "expected at most 63 lower-case letters, digits and '-', "
            f"with a letter or digit at both ends, got {text!r}"
        )
    return text


def application_name(project: str) -> str:
    """The name of a Python project, as a label has it. Such names are ASCII."""
    return re.sub(r"[^a-z0-9]+", "-", project.lower())[:63].strip("-")
