"""What must be installed before, and an error that says how when it is not.

Debian's packages are listed in `packages.txt`; Go comes from go.dev.
"""

import os
import re
import shutil

from tests.cluster.commands import PACKAGES, run
from tests.cluster.errors import MissingPrerequisiteError
from tests.cluster.versions import GO

# program -> the Debian package that has it
OWN_ENGINE = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "mmdebstrap": "mmdebstrap",
    "ip": "iproute2",
    "iptables": "iptables",
}
IMAGE_BUILDER = {"buildah": "buildah", "mmdebstrap": "mmdebstrap"}


def require_programs(programs: dict[str, str], purpose: str) -> None:
    missing = {package for name, package in programs.items() if not shutil.which(name)}
    if missing:
        raise MissingPrerequisiteError(
            f"{purpose} needs Debian packages that are not installed:\n"
            f"  apt-get install -y --no-install-recommends {' '.join(sorted(missing))}\n"
            f"(all that the tests need is in {PACKAGES})"
        )


def require_root(purpose: str) -> None:
    if os.geteuid() != 0:
        raise MissingPrerequisiteError(
            f"{purpose} needs root: run as root, or start a docker engine that can pull images"
        )


def require_go() -> str:
    """Go's version, as it names itself."""
    wanted = ".".join(map(str, GO))
    if not shutil.which("go"):
        raise MissingPrerequisiteError(
            f"the test clusters are compiled: install Go {wanted} or newer from https://go.dev/dl"
        )
    version = run("go", "env", "GOVERSION").strip()
    found = re.match(r"go(\d+)\.(\d+)", version)
    if not found or (int(found[1]), int(found[2])) < GO:
        raise MissingPrerequisiteError(
            f"Go {wanted} or newer is needed, this is {version}: see https://go.dev/dl"
        )
    return version
