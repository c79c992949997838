"""What `kubectl apply` refuses by itself, with the custom resource's schema alone."""

from typing import Any

import pytest

from tests.cluster.api_server import ApiServer
from tests.cluster.errors import CommandError
from tests.integration.operator_shop import Shop, open_shop


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    return open_shop(api_server, "admission")


@pytest.mark.parametrize(
    ("name", "spec", "message"),
    [
        ("schedule-a-word", {"schedule": "sometimes"}, "spec.schedule"),
        ("schedule-a-minute-too-much", {"schedule": "daily at 14:60"}, "spec.schedule"),
        ("schedule-four-fields", {"schedule": "* * * *"}, "spec.schedule"),
        ("zone-unknown", {"timeZone": "Europe/Atlantis"}, "must be an IANA time zone"),
        ("zone-of-the-machine", {"timeZone": "Local"}, "not the one of a machine"),
        ("entrypoint-without-function", {"entrypoint": "shop.tasks"}, "spec.entrypoint"),
        ("task-id-with-a-space", {"taskID": "shop tasks"}, "spec.taskID"),
        ("concurrency-none", {"maxConcurrency": 0}, "spec.maxConcurrency"),
        ("unknown-field", {"retries": 3}, 'unknown field "spec.retries"'),
        ("no-image", {"image": None}, "spec.image"),
        ("x" * 53, {}, "metadata.name must have at most 52 characters"),
    ],
)
def test_a_bad_spec_is_refused(shop: Shop, name: str, spec: dict[str, Any], message: str) -> None:
    with pytest.raises(CommandError) as refused:
        shop.apply_task(name, **spec)
    assert message in str(refused.value)


def test_the_task_id_cannot_be_changed(shop: Shop) -> None:
    shop.apply_task("renamed")
    with pytest.raises(CommandError, match="taskID is immutable"):
        shop.apply_task("renamed", taskID="shop.tasks.other")
