"""Every router of the API is in the list that all applications mount, and answers with problems.

A forgotten step of the recipe "Add an API endpoint" in CONTRIBUTING fails here.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from jvscheduler_server import api
from jvscheduler_server.api import callers
from jvscheduler_server.api.callers import access_of
from jvscheduler_server.api.parameters import Parameters
from jvscheduler_server.api.problems import Problem, ProblemRoute
from jvscheduler_server.api.routers import ROUTERS

ROUTES = {
    getattr(route, "path", repr(route)): route for entry in ROUTERS for route in entry.router.routes
}
PROBES = {
    "/livez": "it reads nothing and takes nothing",
    "/readyz": "it does not read the history, and its 503 lists its checks",
}
"""The kubelet asks these. It reads the status of an answer and nothing else."""


def endpoint(path: str) -> APIRoute:
    route = ROUTES[path]
    assert isinstance(route, APIRoute)
    return route


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


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_every_route_answers_with_problems(route: BaseRoute) -> None:
    """Any other route answers 500 while the history is away, and a wrong parameter its own way."""
    assert isinstance(route, ProblemRoute), "give its APIRouter route_class=ProblemRoute"


@pytest.mark.parametrize("path", sorted(ROUTES.keys() - PROBES.keys()))
def test_every_endpoint_refuses_unknown_parameters(path: str) -> None:
    types = [field.field_info.annotation for field in endpoint(path).dependant.query_params]
    (model,) = types or [None]
    assert isinstance(model, type), "take one query: Annotated[Parameters, Query()]"
    assert issubclass(model, Parameters), "take one query: Annotated[Parameters, Query()]"


@pytest.mark.parametrize("path", sorted(ROUTES.keys() - PROBES.keys()))
def test_every_endpoint_documents_its_problems(path: str) -> None:
    responses = endpoint(path).responses
    problems = {status for status, answer in responses.items() if answer.get("model") is Problem}
    assert problems >= {401, 403, 422, 429, 503}, "give it documented(401, 403, 422, 429, 503)"


@pytest.mark.parametrize("path", sorted(ROUTES.keys() - PROBES.keys()))
def test_every_endpoint_asks_what_its_caller_may_see(path: str) -> None:
    asked = [dependency.call for dependency in endpoint(path).dependant.dependencies]
    assert access_of in asked, "take access: Annotated[Access, Depends(access_of)]"


def test_only_the_probes_are_open() -> None:
    assert PROBES.keys() == callers.PROBES
