"""Errors of the Kubernetes API, and how its answers become errors.

`Unavailable` and `Stale` are temporary: the key is reconciled again soon.
`Rejected` is permanent for the same request: it is reported in the status.
"""

from collections.abc import Mapping
from typing import Any, Final

from jvscheduler.errors import SchedulerError, TemporaryError


class Unavailable(TemporaryError):
    """The API server cannot be reached, is overloaded, or fails.

    `retry_after` is how many seconds it asks clients to wait; 0 when it does not say.
    """

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Stale(TemporaryError):
    """The decision was made from an object that has changed since. Its watch event is coming."""


class Rejected(SchedulerError):
    """The API server refuses the request. The message is its own."""


class Conflict(Rejected):
    """The object is not the one that was expected, or another manager owns a field."""


class NotFound(Rejected):
    """The object, or its kind, does not exist."""


_REFUSALS: Final[Mapping[int, type[Rejected]]] = {404: NotFound, 409: Conflict}

_TEMPORARY: Final = frozenset({401, 408, 410, 429, 502, 503, 504})
"""401: a rotated token has expired. 410: the continuation of a list has expired."""


def error_of(
    status: int, answer: Mapping[str, Any], retry_after: str | None
) -> Unavailable | Rejected:
    """The error that an answer with a status of 300 or more means."""
    message = answer.get("message") or f"the Kubernetes API answered {status}"
    if status in _TEMPORARY or (status == 500 and not _is_misfit(answer)):
        return Unavailable(message, _seconds(retry_after))
    return _REFUSALS.get(status, Rejected)(message)


def _is_misfit(answer: Mapping[str, Any]) -> bool:
    # Server-side apply answers 500 to a manifest that does not fit the kind's schema.
    # As a temporary error it would be tried for ever, and the user would never see why.
    return "failed to create typed patch object" in answer.get("message", "")


def _seconds(text: str | None) -> float:
    return float(text) if text is not None and text.isdigit() else 0.0
