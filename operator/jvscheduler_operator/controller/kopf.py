"""What kopf does for us: it logs in, watches and ends. All that knows kopf is here.

An event handler's exception is logged and never retried, and change handlers,
indexes, timers and daemons write to every object or do not carry ten thousand:
the handlers only hand on what they saw. Nothing of kopf's own is written to any
object: no finalizer, no annotation, no Event.

Kinds are not scanned for while running: kopf does not see a kind that is served
a moment later than its CRD's last event, and would be blind without a word.
When the CRD goes, the watch fails and the process ends, to wait for it anew.
"""

from collections.abc import Iterator
from typing import Any, Final, cast

import kopf

from jvscheduler import names
from jvscheduler.errors import SchedulerError
from jvscheduler_operator.controller.controller import Controller
from jvscheduler_operator.controller.stateless import NoComparison, NoProgress

_CRON_JOBS: Final = ("batch", "cronjobs")
_DEPLOYMENTS: Final = ("apps", "deployments")
_CHUNK: Final = 500


class Backoffs:
    """Seconds between attempts, without end: kopf exits when they run out, and an API server
    may be away for longer than any finite list."""

    def __iter__(self) -> Iterator[float]:
        delay = 0.5
        while True:
            yield delay
            delay = min(delay * 2, 10.0)


class WatchFailed(SchedulerError):
    """kopf has given up."""


async def watch(controller: Controller, liveness_endpoint: str) -> None:
    """Until SIGTERM or SIGINT. Raises WatchFailed."""
    try:
        await kopf.operator(
            registry=_registry(controller),
            settings=_settings(),
            clusterwide=True,
            standalone=True,
            liveness_endpoint=liveness_endpoint,
            # For peering, which is off; kopf's own guess needs a user that has a name.
            identity=cast("Any", names.FIELD_MANAGER),
        )
    except Exception as error:
        message = f"the watch of {names.PLURAL}.{names.GROUP} has failed: {error}"
        raise WatchFailed(message) from error


def _registry(controller: Controller) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    async def log_in(**facts: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_via_client(**facts)

    @kopf.on.event(names.GROUP, names.VERSION, names.PLURAL, registry=registry)
    async def task_seen(event: kopf.RawEvent, **_: Any) -> None:
        controller.task_seen(event["type"], event["object"])

    @kopf.on.event("batch", "v1", "cronjobs", registry=registry)
    async def cron_job_seen(event: kopf.RawEvent, **_: Any) -> None:
        controller.cron_job_seen(event["type"], event["object"])

    @kopf.on.event("apps", "v1", "deployments", registry=registry)
    async def loop_seen(event: kopf.RawEvent, **_: Any) -> None:
        controller.loop_seen(event["type"], event["object"])

    return registry


def _settings() -> kopf.OperatorSettings:
    chosen = kopf.OperatorSettings()
    chosen.posting.enabled = False
    chosen.scanning.disabled = True
    chosen.watching.label_selectors[_CRON_JOBS] = names.TASK_LABEL
    chosen.watching.label_selectors[_DEPLOYMENTS] = names.LOOP_LABEL
    chosen.watching.chunk_size = _CHUNK
    chosen.networking.error_backoffs = Backoffs()
    chosen.networking.request_timeout = 30.0
    chosen.networking.connect_timeout = 10.0
    chosen.watching.connect_timeout = 10.0
    chosen.persistence.diffbase_storage = NoComparison()
    chosen.persistence.progress_storage = NoProgress()
    chosen.queueing.idle_timeout = 1.0
    return chosen
