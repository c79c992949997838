"""Gives every tier the servers that `tests.cluster` starts, and the tests' own options."""

import pytest

pytest_plugins = ["tests.cluster.plugin"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("crowds").addoption(
        "--large-crowd",
        action="store_true",
        help="start 60 task pods against 8 connections, and not 20 against 3: on two cores, "
        "starting as many processes takes a minute",
    )
