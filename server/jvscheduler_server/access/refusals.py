"""Why a caller is not let in. Each becomes an answer of the API (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar

from jvscheduler.errors import SchedulerError

RETRY_AFTER_SECONDS = 10
"""When to ask again while the API server does not answer."""


class Refused(SchedulerError):
    """The request is not answered. The text says why, and what to do."""

    status: ClassVar[HTTPStatus]
    headers: ClassVar[Mapping[str, str]] = {}


class Unauthenticated(Refused):
    """Nobody knows who calls."""

    status = HTTPStatus.UNAUTHORIZED
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class Forbidden(Refused):
    """The caller is known, or need not be, and may not ask this."""

    status = HTTPStatus.FORBIDDEN


class TooManyLogins(Refused):
    """So many tokens are being looked at that this one cannot be, too."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class ReviewUnavailable(Refused):
    """The API server cannot be asked who calls. Nobody is let in meanwhile."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": str(RETRY_AFTER_SECONDS)}
