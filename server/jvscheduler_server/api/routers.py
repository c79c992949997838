"""Every router of the API. To add a resource, write one module and add one entry here.

A cluster's server, `jvscheduler dev` and a user's own server all take their endpoints from
this list.
"""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter

from jvscheduler_server.api import health, jobs, status


@dataclass(frozen=True)
class Entry:
    router: APIRouter
    embedded: bool = True
    """False: not for a user's own server, which answers such paths itself."""


ROUTERS: Final = (
    Entry(status.router),
    Entry(jobs.router),
    Entry(health.router, embedded=False),
)
