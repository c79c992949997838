"""The behaviour of tasks in pods."""

from collections.abc import Iterator

import pytest
import yaml

from tests.cluster.plugin import Images
from tests.contracts.behaviour import BehaviourContract
from tests.e2e.conftest import shell
from tests.e2e.installation import SHOP, InNamespace, Installation
from tests.e2e.variables import CARD_VARIABLE, make_values, with_variables


@pytest.fixture(scope="module")
def tasks(installation: Installation, images: Images) -> Iterator[list[str]]:
    """The tasks' resources by name, applied; deleted at the end, since each runs each minute."""
    built = shell(
        f"cd tests/e2e/image && jvscheduler build behaviour.tasks --image {images.faulty} "
        f"--namespace {SHOP}",
        installation.cluster,
    )
    make_values(installation.cluster, SHOP)
    resources = [with_variables(resource, CARD_VARIABLE) for resource in yaml.safe_load_all(built)]
    names = [resource["metadata"]["name"] for resource in resources]
    installation.cluster.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(resources))
    yield names
    installation.cluster.kubectl("delete", "scheduledtask", "-n", SHOP, *names, "--wait=false")
    installation.cluster.kubectl("delete", "secret,configmap", "behaviour", "-n", SHOP)


class TestPods(BehaviourContract):
    @pytest.fixture
    def service(self, installation: Installation, tasks: list[str]) -> InNamespace:
        assert len(tasks) == 22
        return InNamespace(installation, SHOP)
