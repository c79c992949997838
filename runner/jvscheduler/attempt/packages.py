"""The packages that an attempt needs, and that `pip install jvscheduler` alone does not bring."""

from importlib.util import find_spec
from typing import Final

from jvscheduler import images
from jvscheduler.errors import InvalidSettings

_OF_THE_EXTRA: Final = ("jvspatial", "psutil")


def require_packages() -> None:
    """Raises InvalidSettings for an image that has jvscheduler without the extra `runner`."""
    missing = next((name for name in _OF_THE_EXTRA if find_spec(name) is None), None)
    if missing is not None:
        raise InvalidSettings(
            f"{images.INCOMPLETE}, the package {missing} is missing; install 'jvscheduler[runner]'"
        )
