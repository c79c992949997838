"""Debian root file systems, bootstrapped from packages and kept in the cache."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.cluster.cache import build_once, content_key, keep_only
from tests.cluster.commands import run
from tests.cluster.prerequisites import require_programs
from tests.cluster.settings import Settings
from tests.cluster.versions import DEBIAN

UNWANTED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")


def bootstrap(
    settings: Settings, purpose: str, packages: Sequence[str], suite: str = DEBIAN
) -> Path:
    key = content_key([suite, *UNWANTED, *packages])
    target = settings.cache / f"debian-{purpose}-{key}.tar"
    keep_only(settings.cache, f"debian-{purpose}-*.tar", target)
    return build_once(target, partial(make_root, packages, suite))


def make_root(packages: Sequence[str], suite: str, target: Path) -> None:
    require_programs({"mmdebstrap": "mmdebstrap"}, "an image made of Debian packages")
    run(
        *("mmdebstrap", "--quiet", "--variant=minbase", "--format=tar"),
        *(f"--dpkgopt=path-exclude={path}" for path in UNWANTED),
        *("--aptopt=APT::Install-Recommends false", f"--include={','.join(packages)}"),
        *(suite, target),
    )
