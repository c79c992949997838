"""`python -m jvscheduler_operator`: the operator as a process, ended by SIGTERM or SIGINT.

kopf owns the signals and the liveness endpoint; when it ends, so does all
else, and when our own work dies, so does kopf: a half-dead operator would look
alive.
"""

import asyncio
import logging
import sys
from datetime import UTC, datetime

import kopf

from jvscheduler.errors import SchedulerError
from jvscheduler_operator import handlers, settings
from jvscheduler_operator.cache import Cache
from jvscheduler_operator.controller import Controller
from jvscheduler_operator.kubernetes_cluster import KubernetesCluster
from jvscheduler_operator.queue import WorkQueue
from jvscheduler_operator.reconciler import Reconciler
from jvscheduler_operator.settings import Settings


async def run(chosen: Settings) -> None:
    cluster = await KubernetesCluster.connect()
    try:
        cache = Cache()
        reconciler = Reconciler(cache, cluster, chosen, lambda: datetime.now(UTC))
        controller = Controller(cluster, cache, WorkQueue(), reconciler)
        await controller.wait_until_served()
        await _until_either_ends(controller, chosen)
    finally:
        await cluster.close()


async def _until_either_ends(controller: Controller, chosen: Settings) -> None:
    work = asyncio.create_task(controller.run(), name="controller")
    watch = asyncio.create_task(
        kopf.operator(
            registry=handlers.registry_for(controller),
            settings=handlers.settings(),
            clusterwide=True,
            standalone=True,
            liveness_endpoint=chosen.liveness_endpoint,
        ),
        name="kopf",
    )
    done, pending = await asyncio.wait((work, watch), return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()


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
    except SchedulerError as error:
        sys.exit(f"jvscheduler operator: {error}")


if __name__ == "__main__":
    main()
