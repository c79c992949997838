"""kind's node image without a registry: Debian packages, kind's own files, our binaries.

kind's entrypoint, units and storage manifest come unchanged out of its Go
module; what differs is listed in `adapt_kind_files`. The result is one archive
in the cache, which `docker import` takes.
"""

import shutil
from functools import partial
from pathlib import Path

from tests.cluster.binaries import Binaries
from tests.cluster.cache import build_once, content_key, discard, keep_only
from tests.cluster.commands import run
from tests.cluster.debian import bootstrap
from tests.cluster.kind_module import find_kind_module, read_storage_manifest
from tests.cluster.node_components import import_component_images
from tests.cluster.settings import Settings
from tests.cluster.versions import DEBIAN, KUBERNETES

FILES = Path(__file__).with_name("node")
PACKAGES = (
    *("systemd", "dbus", "conntrack", "iptables", "nftables", "iproute2", "ethtool", "kmod"),
    *("mount", "procps", "ca-certificates", "containerd", "runc", "containernetworking-plugins"),
)
SCRIPTS = ("node_image", "node_components", "image_archive", "kind_module")
UNUSED_UNITS = (
    "lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service",
    "lib/systemd/system/multi-user.target.wants/*",
    "lib/systemd/system/local-fs.target.wants/*",
    "lib/systemd/system/basic.target.wants/*",
    "lib/systemd/system/sockets.target.wants/*udev*",
    "lib/systemd/system/sockets.target.wants/*initctl*",
    "etc/systemd/system/*.wants/*",
)
# A pull fails at once instead of after DNS time-outs: nothing listens there.
NO_REGISTRY = """server = "http://127.0.0.1:1"
[host."http://127.0.0.1:1"]
capabilities = ["pull", "resolve"]
"""
USE_CERTS = """[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "/etc/containerd/certs.d"
"""


def find_node_image(settings: Settings, binaries: Binaries) -> Path:
    scripts = [Path(__file__).with_name(f"{name}.py") for name in SCRIPTS]
    sources = [*sorted(FILES.iterdir()), *scripts]
    key = content_key([binaries.key, DEBIAN, *PACKAGES, *sources])
    target = settings.cache / f"node-image-{key}.tar"
    build_once(target, partial(build_node_image, settings, binaries))
    keep_only(settings.cache, "node-image-*.tar", target)
    return target


def build_node_image(settings: Settings, binaries: Binaries, target: Path) -> None:
    debian = bootstrap(settings, "node", PACKAGES)
    work = settings.cache / "node-image.work"
    discard(work)
    root = work / "root"
    root.mkdir(parents=True)
    run("tar", "-C", root, "-xf", debian)
    module = find_kind_module()
    lay_kind_files(module / "images/base/files", root)
    adapt_kind_files(root)
    install_kubernetes(binaries, root)
    manifest = read_storage_manifest(module)
    (root / "kind/manifests/default-storage.yaml").write_text(manifest)
    import_component_images(binaries, root, work, manifest)
    run("tar", "-C", root, "-cf", target, ".")
    discard(work)


def lay_kind_files(files: Path, root: Path) -> None:
    run("cp", "-r", "--no-preserve=mode", *(files / name for name in ("etc", "kind", "usr")), root)
    root.chmod(0o755)
    for program in [*(files / "usr/local/bin").iterdir(), *(files / "kind/bin").iterdir()]:
        (root / program.relative_to(files)).chmod(0o755)
    for folder in ("etc/kubernetes/manifests", "etc/cni/net.d", "opt/cni", "kind/manifests"):
        (root / folder).mkdir(parents=True, exist_ok=True)


def adapt_kind_files(root: Path) -> None:
    """What differs from kind's own image, and why."""
    enable_units(root)
    replace_in(root / "etc/systemd/system/containerd.service", "/usr/local/bin/", "/usr/bin/")
    config = root / "etc/containerd/config.toml"
    # Nothing may lower oom_score_adj without CAP_SYS_RESOURCE.
    replace_in(config, "restrict_oom_score_adj = false", "restrict_oom_score_adj = true")
    # The hook that hides the host's DMI wants jq.
    kept = [line for line in config.read_text().splitlines() if "base_runtime_spec" not in line]
    config.write_text("\n".join([*kept, USE_CERTS]))
    hosts = root / "etc/containerd/certs.d/_default/hosts.toml"
    hosts.parent.mkdir(parents=True)
    hosts.write_text(NO_REGISTRY)
    shutil.copy(FILES / "bridge.conflist", root / "etc/cni/net.d/10-bridge.conflist")
    (root / "opt/cni/bin").symlink_to("/usr/lib/cni")


def enable_units(root: Path) -> None:
    for pattern in UNUSED_UNITS:
        for unit in root.glob(pattern):
            unit.unlink()
    wanted = root / "etc/systemd/system/multi-user.target.wants"
    wanted.mkdir(parents=True, exist_ok=True)
    for name in ("kubelet", "containerd", "undo-mount-hacks"):
        (wanted / f"{name}.service").symlink_to(f"../{name}.service")
    for name in ("systemd-binfmt", "console-getty"):
        (root / f"etc/systemd/system/{name}.service").symlink_to("/dev/null")
    with (root / "etc/systemd/journald.conf").open("a") as journal:
        journal.write("ReadKMsg=no\n")
    (root / "sbin/init").unlink(missing_ok=True)
    (root / "sbin/init").symlink_to("/lib/systemd/systemd")


def replace_in(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


def install_kubernetes(binaries: Binaries, root: Path) -> None:
    shutil.copy(binaries.k8s, root / "usr/bin/k8s")
    for name in ("kubelet", "kubeadm", "kubectl"):
        (root / "usr/bin" / name).symlink_to("k8s")
    (root / "kind/version").write_text(KUBERNETES)
