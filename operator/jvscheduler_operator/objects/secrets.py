"""The Secret that gives the pods of a namespace the address of the history's database."""

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
