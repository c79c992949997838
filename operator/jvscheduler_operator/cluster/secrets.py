"""Writes the database's Secret into a namespace, and leaves a user's own one alone.

No content of a Secret is read.
"""

import logging

from jvscheduler_operator.cluster.client import Cluster
from jvscheduler_operator.cluster.errors import Conflict, Rejected, Unavailable
from jvscheduler_operator.objects.failures import Failure
from jvscheduler_operator.objects.manifests import Manifest

_logger = logging.getLogger(__name__)


async def apply_secret(cluster: Cluster, secret: Manifest) -> Failure | None:
    """None when the namespace has its Secret: ours, or a user's own one of that name."""
    namespace = secret["metadata"]["namespace"]
    try:
        await cluster.apply_secret(secret)
    except Conflict:
        _logger.info("The database Secret of namespace %s is a user's own", namespace)
    except (Rejected, Unavailable) as error:
        _logger.warning("The database Secret of namespace %s: %s", namespace, error)
        name = secret["metadata"]["name"]
        return Failure.of(f"The Secret {name!r} could not be applied", error)
    return None
