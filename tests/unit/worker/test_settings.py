"""The worker's settings."""

import pytest

from jvscheduler import environment
from jvscheduler.errors import InvalidSettings
from jvscheduler.worker.settings import DEFAULT_SOCKET, read_settings


def test_an_unset_variable_has_its_default() -> None:
    settings = read_settings({})
    assert (settings.socket, settings.database_url) == (DEFAULT_SOCKET, None)
    assert settings.grace_seconds == 30


@pytest.mark.parametrize("value", ["soon", "-1", "1.5"])
def test_a_value_that_cannot_be_used_is_named(value: str) -> None:
    with pytest.raises(InvalidSettings, match=environment.GRACE_SECONDS):
        read_settings({environment.GRACE_SECONDS: value})
