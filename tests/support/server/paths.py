"""Every path that an application answers, so that a test cannot forget one."""

from collections.abc import Iterable, Iterator

from starlette.routing import BaseRoute, Route

from jvscheduler_server.access.access import OpenGate
from jvscheduler_server.api.app import create_app
from tests.support.server.in_memory import FakeCluster, FlakyHistory


def every_path() -> list[str]:
    """The paths of the server, those of FastAPI itself too."""
    app = create_app(FlakyHistory(), FakeCluster(), OpenGate())
    found = sorted(set(_paths(app.routes)))
    assert set(app.openapi()["paths"]) <= set(found)
    return found


def _paths(routes: Iterable[BaseRoute]) -> Iterator[str]:
    for route in routes:
        if isinstance(route, Route):
            yield route.path
        else:
            # FastAPI keeps an included router as it is. Anything else has no such attribute, and
            # the test fails: say here what its paths are.
            yield from _paths(route.original_router.routes)  # type: ignore[attr-defined]
