"""`python -m jvscheduler_operator`: the operator as a process, ended by SIGTERM or SIGINT.

kopf owns the signals and the liveness endpoint; when its watch ends, so does
the work, and when the work dies, so does the watch: a half-dead operator would
look alive.
"""

import asyncio
import logging
import sys
from datetime import UTC, datetime

from jvscheduler.errors import SchedulerError
from jvscheduler_operator import settings
from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.cluster.kubernetes import KubernetesCluster
from jvscheduler_operator.controller.controller import Controller
from jvscheduler_operator.controller.kopf import watch
from jvscheduler_operator.controller.queue import WorkQueue
from jvscheduler_operator.loops.reconcile import LoopReconciler
from jvscheduler_operator.settings import Settings
from jvscheduler_operator.tasks.reconcile import Reconciler


async def run(chosen: Settings) -> None:
    cluster = await KubernetesCluster.connect(chosen.kubeconfig)
    try:
        cache = Cache()
        reconciler = Reconciler(cache, cluster, chosen, lambda: datetime.now(UTC))
        loop_reconciler = LoopReconciler(cache, cluster, chosen)
        controller = Controller(cluster, cache, WorkQueue(), reconciler, loop_reconciler)
        await controller.wait_until_served()
        await controller.run(lambda: watch(controller, chosen.liveness_endpoint))
    finally:
        await cluster.close()


def _log() -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    for each_event_or_probe in ("kopf.objects", "aiohttp.access"):
        logging.getLogger(each_event_or_probe).setLevel(logging.WARNING)


def main() -> None:
    _log()
    try:
        asyncio.run(run(settings.from_environment()))
    except* SchedulerError as errors:
        sys.exit("; ".join(f"jvscheduler operator: {error}" for error in errors.exceptions))


if __name__ == "__main__":
    main()
