"""Errors of the Kubernetes API, and how its answers become errors.

`Unavailable` and `Stale` are temporary: the key is reconciled again soon.
`Rejected` is permanent for the same request. Whatever answers an apply is reported in
the status, except `Stale`.
"""

import re
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


class DryRunUnsupported(Rejected):
    """An admission webhook has side effects, so that the request cannot be tried first."""


_REFUSALS: Final[Mapping[int, type[Rejected]]] = {404: NotFound, 409: Conflict}

_TEMPORARY: Final = frozenset({401, 408, 410, 429, 502, 503, 504})
"""401: a rotated token has expired. 410: the continuation of a list has expired."""

_ADMISSION: Final = re.compile(
    r"(?:^|: )(?:admission webhook \S+|ValidatingAdmissionPolicy .*?) denied (?:the )?request"
)
_NO_DRY_RUN: Final = re.compile(r"admission webhook \S+ does not support dry run")
_MISFIT: Final = re.compile(r"failed to (?:create typed patch object|convert new object)")


def error_of(
    status: int, answer: Mapping[str, Any], retry_after: str | None
) -> Unavailable | Rejected:
    """The error that an answer with a status of 300 or more means."""
    said = answer.get("message")
    # A webhook or a proxy may have written the answer.
    message = said if said and isinstance(said, str) else f"the Kubernetes API answered {status}"
    if _is_refusal(status, message):
        return Rejected(message)
    if status in _TEMPORARY or status == 500:
        return Unavailable(message, _seconds(retry_after))
    if _NO_DRY_RUN.search(message):
        return DryRunUnsupported(message)
    return _REFUSALS.get(status, Rejected)(message)


def _is_refusal(status: int, message: str) -> bool:
    """True for a refusal whose status says something else."""
    # A webhook or a policy chooses its own status. With 409, a refusal would look like
    # an object that has changed, and would be tried for ever without a word.
    if _ADMISSION.search(message):
        return True
    # Server-side apply answers 500 to a manifest that does not fit the kind's schema, or
    # has a quantity such as `lots`. Another attempt would get the same answer.
    return status == 500 and _MISFIT.match(message) is not None


def _seconds(text: str | None) -> float:
    return float(text) if text is not None and text.isdigit() else 0.0
