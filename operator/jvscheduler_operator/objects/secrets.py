"""The Secret that gives a namespace's tasks the history's address.

Written once for each namespace and process, and never read: the operator needs
no right to read Secrets. Applied without force, so that a user's own Secret of
that name wins.
"""

import base64
from typing import Any

from jvscheduler import names


def build(namespace: str, database_url: str) -> dict[str, Any]:
    value = base64.b64encode(database_url.encode()).decode()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": names.DATABASE_SECRET, "namespace": namespace},
        "data": {names.DATABASE_SECRET_KEY: value},
    }
