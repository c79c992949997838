"""The end-to-end tests' cluster: kind with one node, on whichever docker engine there is."""

from dataclasses import dataclass
from pathlib import Path

from tests.cluster.binaries import KIND_PROGRAMS, Binaries, build_programs, find_binaries
from tests.cluster.cache import discard, keep_only
from tests.cluster.commands import run, say, succeeds, wait_until
from tests.cluster.engine import Engine, OwnEngine, find_stock_engine
from tests.cluster.image_builder import DockerBuilder, remove_older
from tests.cluster.kind_config import NAME, own_config, stock_config
from tests.cluster.kubectl import Kubectl
from tests.cluster.layout import main_layout
from tests.cluster.mounts import release_mounts
from tests.cluster.node_image import find_node_image
from tests.cluster.settings import Settings
from tests.cluster.versions import STOCK_NODE_IMAGE

NODE = f"{NAME}-control-plane"


@dataclass(frozen=True)
class KindCluster(Kubectl):
    settings: Settings
    engine: Engine

    @property
    def environment(self) -> dict[str, str]:
        path = f"{self.binaries.folder}:{self.settings.environment.get('PATH', '')}"
        variables = {**self.engine.variables, "KUBECONFIG": str(self.kubeconfig), "PATH": path}
        return {**self.settings.environment, **variables}

    def exports(self) -> str:
        """Shell lines for a developer's terminal."""
        host = [f"export DOCKER_HOST={self.engine.host}"] if self.engine.host else []
        kubeconfig = f"export KUBECONFIG={self.kubeconfig}"
        return "\n".join([kubeconfig, *host, f'export PATH={self.binaries.folder}:"$PATH"'])

    def exists(self) -> bool:
        return NAME in run(self.binaries.kind, "get", "clusters", env=self.environment).split()

    def is_ready(self) -> bool:
        node = ("get", "node", NODE, "--request-timeout=5s", "--output")
        ready = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
        return (
            self.kubeconfig.exists()
            and self.answers("get", "--raw", "/readyz", "--request-timeout=5s")
            and self.kubectl(*node, ready) == "True"
        )

    def create(self, config: str) -> None:
        say("creating the kind cluster")
        arguments = ("create", "cluster", "--config", "-", "--kubeconfig", self.kubeconfig)
        run(self.binaries.kind, *arguments, "--wait", "180s", env=self.environment, stdin=config)
        self.kubectl(
            *("--namespace", "kube-system", "rollout", "status", "deployment/coredns"),
            "--timeout=180s",
        )
        account = ("--namespace", "default", "get", "serviceaccount", "default")
        wait_until(lambda: self.answers(*account), "the default service account exists")
        say("the kind cluster is ready")

    def delete(self) -> None:
        arguments = ("delete", "cluster", "--name", NAME, "--kubeconfig", self.kubeconfig)
        run(self.binaries.kind, *arguments, env=self.environment)

    def node_image(self) -> str:
        command = ("docker", "inspect", "--format={{.Config.Image}}", NODE)
        return run(*command, env=self.environment).strip()

    def loaded_images(self) -> dict[str, str]:
        """Names in the node's store, and the digest that each stands for."""
        command = ("docker", "exec", NODE, "ctr", "--namespace", "k8s.io", "images", "ls")
        rows = [line.split() for line in run(*command, env=self.environment).splitlines()[1:]]
        return {row[0]: row[2] for row in rows}

    def load_archive(self, archive: Path) -> None:
        command = ("docker", "exec", "--interactive", NODE, "ctr", "--namespace", "k8s.io")
        with archive.open("rb") as data:
            run(*command, "images", "import", "-", env=self.environment, data=data)


def own_engine(settings: Settings) -> OwnEngine:
    return OwnEngine(main_layout(settings.cache), settings)


def kubeconfig_path(settings: Settings) -> Path:
    return settings.cache / "kubeconfig"


def find_kind(settings: Settings, binaries: Binaries) -> KindCluster | None:
    """The cluster that runs already, ready for use."""
    cluster = find_any_kind(settings, binaries)
    return cluster if cluster and cluster.is_ready() else None


def find_any_kind(settings: Settings, binaries: Binaries) -> KindCluster | None:
    """The cluster that was created, in whatever state it is."""
    own = own_engine(settings)
    engine = own.engine if own.is_up() else Engine(False, settings.environment.get("DOCKER_HOST"))
    cluster = KindCluster(kubeconfig_path(settings), binaries, settings, engine)
    if not succeeds("docker", "version", env=cluster.environment):
        return None
    return cluster if cluster.exists() else None


def bring_up(settings: Settings) -> KindCluster:
    binaries = find_binaries(settings)
    build_programs(binaries, KIND_PROGRAMS)
    keep_only(settings.cache, "bin-*", binaries.folder)
    running = find_kind(settings, binaries)
    if running and running.node_image() == wanted_image(settings, binaries, running.engine):
        say("the kind cluster runs already")
        return running
    stock = find_stock_engine(settings)
    if stock:
        return create_kind(settings, binaries, stock, stock_config(STOCK_NODE_IMAGE))
    return bring_up_own(settings, binaries)


def bring_up_own(settings: Settings, binaries: Binaries) -> KindCluster:
    archive = find_node_image(settings, binaries)
    own = own_engine(settings)
    own.up()
    image = import_node_image(archive, own)
    config = own_config(image, own.layout.engine_address)
    cluster = create_kind(settings, binaries, own.engine, config)
    remove_older(DockerBuilder(own.environment), image)
    return cluster


def wanted_image(settings: Settings, binaries: Binaries, engine: Engine) -> str:
    return node_image_name(find_node_image(settings, binaries)) if engine.own else STOCK_NODE_IMAGE


def node_image_name(archive: Path) -> str:
    return f"localhost/jvscheduler-kind-node:{archive.stem.removeprefix('node-image-')}"


def create_kind(settings: Settings, binaries: Binaries, engine: Engine, config: str) -> KindCluster:
    cluster = KindCluster(kubeconfig_path(settings), binaries, settings, engine)
    cluster.delete()  # what an interrupted run left of it
    cluster.create(config)
    return cluster


def import_node_image(archive: Path, own: OwnEngine) -> str:
    name = node_image_name(archive)
    if not succeeds("docker", "image", "inspect", name, env=own.environment):
        say("importing the node image")
        entrypoint = 'ENTRYPOINT ["/usr/local/bin/entrypoint","/sbin/init"]'
        changes = ("--change", "ENV container=docker", "--change", entrypoint)
        run("docker", "import", *changes, archive, name, env=own.environment)
    return name


def take_down(settings: Settings) -> None:
    binaries = find_binaries(settings)
    created = find_any_kind(settings, binaries)
    if created:
        created.delete()
    own_engine(settings).down()
    discard(kubeconfig_path(settings))
    release_mounts(settings.cache)
    say("nothing is left running")
