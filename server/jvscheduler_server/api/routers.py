"""The list of all routers of the API.

A cluster's server, `jvscheduler dev` and a user's own server take their endpoints from it.
"""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter

from jvscheduler_server.api.resources import health, history, jobs, status


@dataclass(frozen=True)
class RouterEntry:
    router: APIRouter
    embedded: bool = True
    """False: not for a user's own server, which answers such paths itself."""


ROUTERS: Final = (
    RouterEntry(status.router),
    RouterEntry(jobs.router),
    RouterEntry(history.router),
    RouterEntry(health.router, embedded=False),
)
