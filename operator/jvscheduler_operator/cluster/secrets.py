"""Writes the database's Secret into a namespace, and leaves a user's own one alone.

The Secret is never read, so that the operator needs no right to read Secrets.
"""

import logging

from jvscheduler_operator.cluster.client import Cluster
from jvscheduler_operator.cluster.errors import Conflict, Rejected
from jvscheduler_operator.objects.manifests import Manifest

_logger = logging.getLogger(__name__)


async def apply_secret(cluster: Cluster, secret: Manifest) -> bool:
    """True when the namespace has its Secret: ours, or a user's own one of that name."""
    namespace = secret["metadata"]["namespace"]
    try:
        await cluster.apply_secret(secret)
    except Conflict:
        _logger.info("The database Secret of namespace %s is a user's own", namespace)
    except Rejected as error:
        _logger.warning("The database Secret of namespace %s: %s", namespace, error)
        return False
    return True
