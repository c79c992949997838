"""Which variables of a container have their values from Secrets. Pure.

The runner takes these values out of what it records. The operator reads no Secret, and so knows
no key of one that `envFrom` names: there, every variable with the prefix may be one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from jvscheduler import environment
from jvscheduler.redaction import is_secret_by_name


def secret_variables(env: Sequence[Mapping[str, Any]], env_from: Any) -> list[str]:
    """Return their names, as `JVSCHEDULER_SECRET_VARIABLES` has them.

    `env_from` may be any JSON: the API server refuses what is none of its lists later.
    """
    named = [variable["name"] for variable in env if _is_from_secret(variable)]
    prefixes = _prefixes(env_from)
    # Of a variable that the template says itself it is known what it is.
    plain = [
        f"!{variable['name']}"
        for variable in env
        if prefixes and variable["name"] not in named and not _is_told_by_name(variable["name"])
    ]
    # The address of the history is found by its form. A name may have any character since
    # Kubernetes 1.34: "?" stands for one that would end it.
    return [
        text.replace(",", "?")
        for text in (
            *(name for name in named if name != environment.DATABASE_URL),
            *(f"{prefix}*" for prefix in prefixes),
            *plain,
        )
    ]


def _is_from_secret(variable: Mapping[str, Any]) -> bool:
    source = variable.get("valueFrom")
    return isinstance(source, Mapping) and source.get("secretKeyRef") is not None


def _prefixes(env_from: Any) -> list[str]:
    sources = env_from if isinstance(env_from, list) else []
    found = [
        source.get("prefix") or ""
        for source in sources
        if isinstance(source, Mapping) and source.get("secretRef") is not None
    ]
    return sorted({prefix for prefix in found if isinstance(prefix, str)})


def _is_told_by_name(name: str) -> bool:
    return name.startswith("JVSCHEDULER_") or is_secret_by_name(name)
