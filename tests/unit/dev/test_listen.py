"""The API of `dev` has no login, so that no other machine may reach it."""

import pytest

from jvscheduler.dev.api import listen
from jvscheduler.errors import InvalidSettings


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_it_listens_on_the_loopback(host: str) -> None:
    with listen(host, 0) as address:
        assert address.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("host", ["0.0.0.0", "", "::", "192.0.2.1", "shop.example"])  # noqa: S104
def test_it_listens_nowhere_else(host: str) -> None:
    with pytest.raises(InvalidSettings, match="on the loopback only"):
        listen(host, 0)
