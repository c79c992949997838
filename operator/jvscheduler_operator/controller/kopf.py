"""kopf logs in, watches, and ends the process. No other module imports it.

The event handlers only pass on what they see, because kopf logs an exception of
theirs and never calls them again for it. Its change handlers, timers and daemons
write to every object, and its indexes do not carry ten thousand of them. Nothing
of kopf's own is written to any object: no finalizer, no annotation, no Event.

kopf looks for kinds only at its start. While running it would miss a kind that is
served a moment after its CRD's last event, and would say nothing. When the CRD is
deleted, the watch fails and the process ends; a new process waits for the CRD.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import kopf

from jvscheduler import names
from jvscheduler.edge.missing_namespaces import MissingNamespaces
from jvscheduler.errors import SchedulerError
from jvscheduler_operator.controller.controller import Controller

_CRON_JOBS: Final = ("batch", "cronjobs")
_DEPLOYMENTS: Final = ("apps", "deployments")
_PAGE: Final = 500
"""Objects in one page of a list."""


class Backoffs:
    """Seconds between attempts to reach the API server, without end.

    kopf ends the process when they run out. An API server may be away for longer
    than any finite list.
    """

    def __iter__(self) -> Iterator[float]:
        delay = 0.5
        while True:
            yield delay
            delay = min(delay * 2, 10.0)


class WatchFailed(SchedulerError):
    """kopf has given up."""


class NoComparison(kopf.DiffBaseStorage):
    """Keeps kopf from comparing an object with what it was, which is half of its work per event.

    Only change handlers need the comparison, and there are none.
    """

    def build(self, *_: Any, **__: Any) -> kopf.BodyEssence:
        return kopf.BodyEssence()

    def fetch(self, *_: Any, **__: Any) -> kopf.BodyEssence | None:
        return None

    def store(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError("nothing of kopf's is written to any object")


class NoProgress(kopf.ProgressStorage):
    """Keeps kopf from writing to an object how far its change handlers came."""

    def fetch(self, *_: Any, **__: Any) -> kopf.ProgressRecord | None:
        return None

    def store(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError("nothing of kopf's is written to any object")

    def purge(self, *_: Any, **__: Any) -> None:
        """There is nothing to purge."""

    def touch(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError("nothing of kopf's is written to any object")

    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        return essence


class WithoutMissing(logging.Filter):
    """Leaves out what kopf says, every ten seconds, about watches of namespaces that are missing.

    kopf goes on trying, so that it watches a namespace as soon as that is there again.
    """

    def __init__(self, missing: MissingNamespaces) -> None:
        super().__init__()
        self._missing = missing

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage() if record.name.startswith("kopf.") else ""
        return not any(f"/namespaces/{name}/" in text for name in self._missing.names)


async def watch(
    controller: Controller,
    liveness_endpoint: str,
    namespaces: Sequence[str],
    missing: MissingNamespaces,
) -> None:
    """Returns after SIGTERM or SIGINT. Raises WatchFailed. No namespaces stand for all."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(WithoutMissing(missing))
    try:
        await kopf.operator(
            registry=_registry(controller),
            settings=_settings(),
            clusterwide=not namespaces,
            namespaces=namespaces,
            standalone=True,
            liveness_endpoint=liveness_endpoint,
            # kopf uses it for peering only, which is off. Its own default fails in a pod
            # whose user id has no name.
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
    chosen.watching.chunk_size = _PAGE
    chosen.networking.error_backoffs = Backoffs()
    chosen.networking.request_timeout = 30.0
    chosen.networking.connect_timeout = 10.0
    chosen.watching.connect_timeout = 10.0
    chosen.persistence.diffbase_storage = NoComparison()
    chosen.persistence.progress_storage = NoProgress()
    chosen.queueing.idle_timeout = 1.0
    return chosen
