"""A Kubernetes Job in our words: whether it still makes attempts.

A Job between two attempts has no pod for up to six minutes; only its conditions
tell that from one that has given up.
"""

from collections.abc import Mapping
from typing import Any

from jvscheduler import names
from jvscheduler_server.cluster.objects import KubernetesJob

ENDED = ("Complete", "Failed")


def to_kubernetes_job(job: Mapping[str, Any]) -> KubernetesJob:
    """Raises KeyError for a dict that is no Job."""
    metadata = job["metadata"]
    conditions = job.get("status", {}).get("conditions", ())
    ended = any(item["type"] in ENDED and item["status"] == "True" for item in conditions)
    finished = ended or "deletionTimestamp" in metadata
    task_name = metadata.get("labels", {}).get(names.TASK_LABEL, "")
    return KubernetesJob(metadata["name"], metadata["namespace"], finished, task_name)
