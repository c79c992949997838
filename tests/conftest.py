"""Gives every tier the servers that `tests.cluster` starts, and the tests' own options."""

from collections import Counter

import pytest

from jvscheduler.edge import set_aside
from jvscheduler.history import decoding

pytest_plugins = ["tests.cluster.plugin"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("crowds").addoption(
        "--large-crowd",
        action="store_true",
        help="start 60 task pods against 8 connections, and not 20 against 3: on two cores, "
        "starting as many processes takes a minute",
    )


@pytest.fixture(autouse=True)
def nothing_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins as a process does: nothing was counted or named."""
    monkeypatch.setattr(set_aside, "_counts", Counter())
    rows = set_aside.SetAside("rows", decoding.log.warning)
    monkeypatch.setattr(decoding, "_set_aside", rows)
