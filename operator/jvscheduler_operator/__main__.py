"""`python -m jvscheduler_operator`: the operator as a process, ended by SIGTERM or SIGINT."""

import asyncio
import logging
import sys
from datetime import UTC, datetime
from typing import Final

from jvscheduler.errors import SchedulerError
from jvscheduler.logs.settings import read_log_settings
from jvscheduler.logs.setup import log_end, log_lines
from jvscheduler_operator import settings
from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.cluster.kubernetes import KubernetesCluster
from jvscheduler_operator.controller.controller import Controller, Reconcilers
from jvscheduler_operator.controller.kopf import watch
from jvscheduler_operator.controller.queue import WorkQueue
from jvscheduler_operator.database.postgresql import PostgresRoles
from jvscheduler_operator.loops.reconcile import LoopReconciler
from jvscheduler_operator.namespaces.reconcile import NamespaceReconciler
from jvscheduler_operator.settings import Settings
from jvscheduler_operator.tasks.reconcile import TaskReconciler
from jvscheduler_operator.waiting_jobs.reconcile import WaitingJobReconciler

_MOST_LEVELS: Final = 15_000


async def run(chosen: Settings) -> None:
    """Returns after SIGTERM or SIGINT, which kopf handles."""
    cluster = await KubernetesCluster.connect(chosen.kubeconfig, chosen.namespaces)
    try:
        cache = Cache(chosen.template_policy)
        task_reconciler = TaskReconciler(cache, cluster, chosen, lambda: datetime.now(UTC))
        loop_reconciler = LoopReconciler(cache, cluster, chosen)
        waiting_jobs = WaitingJobReconciler(cache, cluster, chosen, lambda: datetime.now(UTC))
        namespaces = _namespace_reconciler(cache, chosen)
        reconcilers = Reconcilers(task_reconciler, loop_reconciler, waiting_jobs, namespaces)
        controller = Controller(cluster, cache, WorkQueue(), reconcilers)
        await controller.wait_until_served()
        # Watch and work end together. If one went on without the other, the liveness
        # endpoint, which is kopf's, would still answer for a dead operator.
        endpoint, watched = chosen.liveness_endpoint, chosen.namespaces
        await controller.run(lambda: watch(controller, endpoint, watched, cluster.missing))
    finally:
        await cluster.close()


def _namespace_reconciler(cache: Cache, chosen: Settings) -> NamespaceReconciler | None:
    isolation = chosen.isolation
    if isolation is None:
        return None
    roles = PostgresRoles(isolation.driver_url)
    return NamespaceReconciler(cache, isolation, roles, lambda: datetime.now(UTC))


def _configure_logging() -> None:
    log_lines(read_log_settings())
    # These two write a line for each event and for each probe.
    for noisy in ("kopf.objects", "aiohttp.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def main() -> None:
    # The API server takes JSON of 10,000 levels, and answers with the objects of all namespaces
    # together. With Python's own limit, one deep object would end every list and every watch.
    sys.setrecursionlimit(_MOST_LEVELS)
    try:
        _configure_logging()
        asyncio.run(run(settings.from_environment()))
    except* SchedulerError as errors:
        for error in errors.exceptions:
            log_end(error)
        sys.exit(1)


if __name__ == "__main__":
    main()
