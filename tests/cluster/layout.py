"""The names, folders and addresses that an engine of our own has on the machine."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class EngineLayout:
    """`data` holds its images and stays; `network` is the first three bytes of its addresses."""

    name: str
    data: Path
    network: str

    @property
    def host_link(self) -> str:
        return f"{self.name}0"

    @property
    def namespace(self) -> Path:
        return Path("/run/netns") / self.name

    @property
    def host_address(self) -> str:
        return f"{self.network}.1"

    @property
    def engine_address(self) -> str:
        return f"{self.network}.2"

    @property
    def state(self) -> Path:
        """Goes with the engine. Never deep: a socket's path has at most 107 characters."""
        return Path("/run") / self.name


def main_layout(cache: Path) -> EngineLayout:
    return EngineLayout("jvscheduler", cache / "docker", "10.78.0")
