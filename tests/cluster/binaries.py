"""The programs that the clusters are made of, compiled from their Go modules.

`go/` is a module of its own so that go.sum pins all of Kubernetes and etcd;
helm, kind and CoreDNS stay out of it (they would move shared versions) and are
pinned by version, which Go's checksum database makes exact.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.cluster.cache import build_once, content_key
from tests.cluster.commands import run
from tests.cluster.prerequisites import require_go
from tests.cluster.settings import Settings
from tests.cluster.versions import KUBERNETES, TOOLS

MODULE = Path(__file__).with_name("go")
FLAGS = ("-trimpath", "-ldflags")
STRIPPED = "-s -w"
KIND_PROGRAMS = ("kubectl", "kind", "helm")
API_SERVER_PROGRAMS = ("kubectl", "etcd", "helm")
ALL_PROGRAMS = (*KIND_PROGRAMS, "etcd", "coredns", "pause", "local_path_provisioner")
ETCD = "go.etcd.io/etcd/server/v3"


@dataclass(frozen=True)
class Binaries:
    """`folder` also goes on a user's PATH; each program is built when first asked for."""

    folder: Path
    key: str
    environment: dict[str, str]

    @property
    def k8s(self) -> Path:
        return build_once(self.folder / "k8s", partial(self._compile, ".", stamp()))

    @property
    def kubectl(self) -> Path:
        return build_once(self.folder / "kubectl", partial(self._link_to, self.k8s))

    @property
    def etcd(self) -> Path:
        return build_once(self.folder / "etcd", partial(self._compile, ETCD, STRIPPED))

    @property
    def pause(self) -> Path:
        return build_once(self.folder / "pause", partial(self._compile, "./pause", STRIPPED))

    @property
    def kind(self) -> Path:
        return self._tool("kind")

    @property
    def helm(self) -> Path:
        return self._tool("helm")

    @property
    def coredns(self) -> Path:
        return self._tool("coredns")

    @property
    def local_path_provisioner(self) -> Path:
        return self._tool("local-path-provisioner")

    def _tool(self, name: str) -> Path:
        return build_once(self.folder / name, partial(self._install, name))

    def _compile(self, package: str, flags: str, target: Path) -> None:
        command = ("go", "build", *FLAGS, flags, "-o", target, package)
        run(*command, cwd=MODULE, env=self.environment)

    def _install(self, name: str, target: Path) -> None:
        scratch = self.folder / ".gobin"
        env = self.environment | {"GOBIN": str(scratch)}
        run("go", "install", *FLAGS, STRIPPED, TOOLS[name], cwd=self.folder, env=env)
        (scratch / name).rename(target)

    def _link_to(self, program: Path, target: Path) -> None:
        target.symlink_to(program.name)


def stamp() -> str:
    """Linker flags for the version; unstamped, `kubectl version` cannot parse its own."""
    major, minor, _ = KUBERNETES.removeprefix("v").split(".")
    values = {
        "gitVersion": KUBERNETES,
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "clean",
        "gitCommit": "0" * 40,
        "buildDate": "2026-01-01T00:00:00Z",
    }
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    settings = [f"{name}={value}" for name, value in values.items()]
    pairs = [f" -X {package}.{setting}" for package in packages for setting in settings]
    return f"{STRIPPED} {''.join(pairs)}"


def find_binaries(settings: Settings) -> Binaries:
    version = require_go()
    sources = [MODULE / "go.mod", MODULE / "go.sum", *sorted(MODULE.rglob("*.go"))]
    key = content_key([version, KUBERNETES, *TOOLS.values(), *sources])
    folder = settings.cache / f"bin-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    return Binaries(folder, key, dict(settings.environment) | {"CGO_ENABLED": "0"})


def build_programs(binaries: Binaries, names: Iterable[str]) -> None:
    """Build now what a session will call later."""
    for name in names:
        getattr(binaries, name)
