"""Answers what the API server passes on: the discovery of our group, and the API under it."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from jvscheduler_server.access.refusals import Refused, Unauthenticated
from jvscheduler_server.access.reviews import ReviewedAccess, Reviews
from jvscheduler_server.aggregation.front_proxy import FrontProxy
from jvscheduler_server.api.callers import with_access
from jvscheduler_server.api.problems import not_found, refusal

GROUP: Final = "monitoring.jvscheduler.dev"
"""A group of its own: `jvscheduler.dev` is the custom resources'."""

VERSION: Final = "v1alpha1"
PREFIX: Final = f"/apis/{GROUP}/{VERSION}"

COMMON_NAME: Final = "jvscheduler_front_proxy"
"""Key of the connection's state: the name in the client certificate."""

_VERSION: Final = {"groupVersion": f"{GROUP}/{VERSION}", "version": VERSION}
_GROUP: Final = {
    "kind": "APIGroup",
    "apiVersion": "v1",
    "name": GROUP,
    "versions": [_VERSION],
    "preferredVersion": _VERSION,
}
DISCOVERY: Final[Mapping[str, Mapping[str, Any]]] = {
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_GROUP]},
    f"/apis/{GROUP}": _GROUP,
    # No resources: nothing here can be listed, deleted or collected as Kubernetes' objects are.
    PREFIX: {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{GROUP}/{VERSION}",
        "resources": [],
    },
}


class AggregatedApi:
    """The API for whom the API server has logged in."""

    def __init__(self, app: ASGIApp, proxy: FrontProxy, reviews: Reviews) -> None:
        self._app = app
        self._proxy = proxy
        self._reviews = reviews

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            access = self._enter(request)
        except Refused as error:
            await refusal(request, error)(scope, receive, send)
            return
        path = scope["path"]
        if path in DISCOVERY:
            await JSONResponse(DISCOVERY[path])(scope, receive, send)
        elif path.startswith(f"{PREFIX}/"):
            rest = path.removeprefix(PREFIX)
            inner = {**scope, "path": rest, "raw_path": rest.encode(), "root_path": ""}
            await self._app(with_access(inner, access), receive, send)
        else:
            detail = f"Only {PREFIX} is served here."
            await not_found(request, detail)(scope, receive, send)

    def _enter(self, request: Request) -> ReviewedAccess:
        name = request.scope.get("state", {}).get(COMMON_NAME)
        if name is None or not self._proxy.is_named(name):
            raise Unauthenticated("only the API server of this cluster may call here")
        caller = self._proxy.caller(request.headers)
        if caller is None:
            raise Unauthenticated("the API server named no user")
        return ReviewedAccess(caller, self._reviews)
