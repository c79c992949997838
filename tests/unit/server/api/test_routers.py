"""Every router of the API is in the list that all applications mount."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from fastapi import APIRouter

from jvscheduler_server import api
from jvscheduler_server.api.routers import ROUTERS


def modules() -> Iterator[ModuleType]:
    for module in pkgutil.walk_packages(api.__path__, f"{api.__name__}."):
        yield importlib.import_module(module.name)


def test_every_router_of_a_module_is_in_the_list() -> None:
    listed = [id(entry.router) for entry in ROUTERS]
    forgotten = {
        module.__name__
        for module in modules()
        for value in vars(module).values()
        if isinstance(value, APIRouter) and id(value) not in listed
    }
    assert forgotten == set()


def test_no_router_is_mounted_twice() -> None:
    assert len({id(entry.router) for entry in ROUTERS}) == len(ROUTERS)
