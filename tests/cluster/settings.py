"""What the environment says about this machine, read in one place."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """`ca_bundle` is set where TLS goes through a proxy whose CA pip must know."""

    cache: Path
    ca_bundle: Path | None
    kubeconfig: str | None
    environment: Mapping[str, str] = field(repr=False)

    @property
    def lock(self) -> Path:
        """Held while the machine's one kind cluster is started, filled or taken down."""
        return self.cache / "lock"

    @property
    def users(self) -> Path:
        """Shared by the test sessions that use that cluster."""
        return self.cache / "users"


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    home = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/root")) / ".cache")
    root = Path(environ.get("JVSCHEDULER_CACHE") or home / "jvscheduler")
    bundle = environ.get("PIP_CERT")
    return Settings(
        cache=root.absolute() / "cluster",
        ca_bundle=Path(bundle) if bundle else None,
        kubeconfig=environ.get("KUBECONFIG"),
        environment=dict(environ),
    )
