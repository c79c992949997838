"""An API server alone: etcd, kube-apiserver, controllers, scheduler and a hollow kubelet.

What an operator or a server talks to, without containers, root or network
set-up: the hollow kubelet is a real one on a fake runtime, where a pod of any
image is soon Running. Everything listens on free ports of the loopback, lives
in one temporary folder, and ends with the process that started it.
"""

import datetime
import random
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.binaries import Binaries
from tests.cluster.commands import say, start, stop, wait_until
from tests.cluster.kubectl import Kubectl
from tests.cluster.pki import Authority

NODE = "hollow-node"
PORTS = range(20_000, 32_000)
FRONT_PROXY = "front-proxy-client"
"""The name that the API server has for the servers behind it."""

NO_FRONT_PROXY = "somebody-else"
"""A name that the same authority has signed, and that they may not believe."""

ISSUER = "https://kubernetes.default.svc"


@dataclass(frozen=True)
class ApiServer(Kubectl):
    """`folder` holds the logs and certificates."""

    url: str
    folder: Path


@contextmanager
def run_api_server(binaries: Binaries) -> Iterator[ApiServer]:
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="jvscheduler-api-"))
        folder = Path(name)
        etcd_port, peer_port, port = free_ports(3)
        url = f"https://127.0.0.1:{port}"
        authority = Authority(folder, datetime.datetime.now(datetime.UTC))
        admin = authority.write_kubeconfig(url, "admin", "system:masters")
        server = ApiServer(admin, binaries, url, folder)
        start_etcd(stack, server, etcd_port, peer_port)
        signing_key = authority.issue_signing_key()
        start_server(stack, server, authority, signing_key, etcd_port)
        start_controllers(stack, server, authority, signing_key)
        start_node(stack, server, authority)
        wait_for_node(server)
        say(f"an API server answers on {url}")
        yield server


def start_etcd(stack: ExitStack, server: ApiServer, port: int, peer_port: int) -> None:
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    run_daemon(
        stack,
        server,
        "etcd",
        [
            *(server.binaries.etcd, f"--data-dir={server.folder / 'etcd'}", "--unsafe-no-fsync"),
            *(f"--listen-client-urls={client}", f"--advertise-client-urls={client}"),
            *(f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"),
            f"--initial-cluster=default={peer}",
        ],
    )


def start_server(
    stack: ExitStack, server: ApiServer, authority: Authority, signing_key: Path, etcd_port: int
) -> None:
    pair = authority.issue_server()
    front = Authority(front_proxy_folder(server.folder), authority.now)
    front_pair = front.issue_client(FRONT_PROXY)
    front.issue_client(NO_FRONT_PROXY)
    port = server.url.rpartition(":")[2]
    flags = [
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        *("--bind-address=127.0.0.1", f"--secure-port={port}", "--advertise-address=127.0.0.1"),
        *(f"--tls-cert-file={pair.certificate}", f"--tls-private-key-file={pair.key}"),
        f"--client-ca-file={authority.certificate}",
        *("--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction"),
        *("--allow-privileged=true", "--endpoint-reconciler-type=none"),
        *("--service-cluster-ip-range=10.96.0.0/16", f"--service-account-issuer={ISSUER}"),
        f"--service-account-key-file={signing_key}",
        f"--requestheader-client-ca-file={front.certificate}",
        f"--requestheader-allowed-names={FRONT_PROXY}",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={front_pair.certificate}",
        f"--proxy-client-key-file={front_pair.key}",
        f"--service-account-signing-key-file={signing_key}",
    ]
    run_component(stack, server, "kube-apiserver", flags)
    log = server.folder / "kube-apiserver.log"
    ready = ("get", "--raw", "/readyz")
    wait_until(lambda: server.answers(*ready), "the API server is ready", log=log)


def front_proxy_folder(folder: Path) -> Path:
    """Return where the certificates are that the API server shows to the servers behind it."""
    own = folder / "front-proxy"
    own.mkdir(exist_ok=True)
    return own


def start_controllers(
    stack: ExitStack, server: ApiServer, authority: Authority, signing_key: Path
) -> None:
    user = "system:kube-controller-manager"
    flags = [
        f"--kubeconfig={authority.write_kubeconfig(server.url, user)}",
        *("--use-service-account-credentials=true", "--leader-elect=false", "--secure-port=0"),
        f"--service-account-private-key-file={signing_key}",
        f"--root-ca-file={authority.certificate}",
    ]
    run_component(stack, server, "kube-controller-manager", flags)
    config = authority.write_kubeconfig(server.url, "system:kube-scheduler")
    flags = [f"--kubeconfig={config}", "--leader-elect=false", "--secure-port=0"]
    run_component(stack, server, "kube-scheduler", flags)


def start_node(stack: ExitStack, server: ApiServer, authority: Authority) -> None:
    config = authority.write_kubeconfig(server.url, f"system:node:{NODE}", "system:nodes")
    flags = [
        *("--morph=kubelet", f"--name={NODE}", f"--kubeconfig={config}"),
        *("--kubelet-port=0", "--kubelet-read-only-port=0", "--use-host-image-service=false"),
        f"--cert-dir={server.folder / 'kubelet'}",
    ]
    stack.callback(remove_kubelet_files, server.folder / "kubemark.log")
    run_component(stack, server, "kubemark", flags)


def remove_kubelet_files(log: Path) -> None:
    """A hollow kubelet leaves a folder, which its log names, and a socket that nobody hears."""
    found = re.search(r"Using (\S+) as root dir", log.read_text())
    if found:
        shutil.rmtree(found[1])
    heard = Path("/proc/net/unix").read_text()
    for path in Path("/tmp").glob("kubelet_remote_*.sock"):
        if str(path) not in heard:
            path.unlink(missing_ok=True)


def run_component(stack: ExitStack, server: ApiServer, name: str, flags: list[str]) -> None:
    run_daemon(stack, server, name, [server.binaries.k8s, name, *flags])


def run_daemon(
    stack: ExitStack, server: ApiServer, name: str, command: list[str | Path]
) -> subprocess.Popen[bytes]:
    process = start(command, server.folder / f"{name}.log")
    stack.callback(stop, process)
    return process


def wait_for_node(server: ApiServer) -> None:
    """Until a pod can be created and will be Running."""
    account = ("--namespace", "default", "get", "serviceaccount", "default")
    wait_until(lambda: server.answers(*account), "the default service account exists")
    ready = ("wait", "--for=condition=Ready", f"node/{NODE}", "--timeout=1s")
    log = server.folder / "kubemark.log"
    wait_until(lambda: server.answers(*ready), "the hollow node is ready", log=log)


def free_ports(count: int) -> list[int]:
    """Different ports, free a moment ago.

    They lie below the range from which the kernel serves outgoing connections, and are drawn at
    random: between this look and the bind, several test processes that start servers at once would
    otherwise take each other's.
    """
    with ExitStack() as stack:
        return [bound_port(stack.enter_context(socket.socket())) for _ in range(count)]


def bound_port(server: socket.socket) -> int:
    while True:
        port = random.choice(PORTS)
        try:
            server.bind(("127.0.0.1", port))
        except OSError:
            continue  # somebody listens there: the next draw
        return port
