"""Asks the API server who calls (TokenReview) and what the caller may do (SubjectAccessReview).

Both answers are remembered for a minute. So a right that is withdrawn, and a token that is
revoked or expires, hold for a minute longer.

Anybody can send garbage for a token, as fast as the network is. A refused token is remembered
too, for a while and apart from the others: a flood of garbage must not make the server forget
those who are in. Few tokens are reviewed at once, and few wait for that. One more is told to come
again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any, Final, Protocol, TypeVar

from jvscheduler.errors import SchedulerError
from jvscheduler_server.access.access import Namespaces
from jvscheduler_server.access.actions import RIGHTS, Action
from jvscheduler_server.access.answers import read_access, read_token
from jvscheduler_server.access.cache import AnswerCache, RecentKeys
from jvscheduler_server.access.callers import Caller
from jvscheduler_server.access.refusals import ReviewUnavailable, TooManyLogins

T = TypeVar("T")

AUDIENCE: Final = "jvscheduler"
"""A token for this audience is good for this server only: nobody can use it for the API server."""

CACHE_SECONDS: Final = 60.0
MAX_TOKENS: Final = 2_000
MAX_RIGHTS: Final = 20_000
"""One is a caller, an action and a namespace."""

REFUSED_SECONDS: Final = 10.0
MAX_REFUSED: Final = 10_000

MAX_TOKENS_AT_ONCE: Final = 8
"""Tokens that the API server is asked about at once."""

MAX_TOKENS_WAITING: Final = 64
"""Those that it is asked about, and those that wait for their turn."""

MAX_AT_ONCE: Final = 16
"""Reviews of rights that are asked at once. More wait: only callers who are in ask for them."""

EVERYWHERE: Final = ""
"""The namespace of a review that asks for all namespaces."""

_log = logging.getLogger(__name__)


class ReviewApi(Protocol):
    """What the gates ask of the API server. Both raise a SchedulerError when it does not answer."""

    async def review_token(self, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        """Create a TokenReview and return its status."""

    async def review_access(self, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        """Create a SubjectAccessReview and return its status."""


class _Nobody(Exception):
    """The token is nobody's."""


class Reviews:
    """The API server's answers about callers."""

    def __init__(self, api: ReviewApi, clock: Callable[[], float]) -> None:
        self._api = api
        self._rights_at_once = asyncio.Semaphore(MAX_AT_ONCE)
        self._tokens_at_once = asyncio.Semaphore(MAX_TOKENS_AT_ONCE)
        self._tokens_waiting = 0
        self._callers: AnswerCache[bytes, Caller] = AnswerCache(CACHE_SECONDS, MAX_TOKENS, clock)
        self._refused: RecentKeys[bytes] = RecentKeys(REFUSED_SECONDS, MAX_REFUSED, clock)
        self._rights: AnswerCache[tuple[Caller, Action, str], bool] = AnswerCache(
            CACHE_SECONDS, MAX_RIGHTS, clock
        )

    async def caller(self, token: str) -> Caller | None:
        """Return whose token it is; None when it is nobody's, or for another audience.

        Raises TooManyLogins when too many others wait for an answer.
        """
        # The token itself is not kept: whoever reads this memory later gets no token.
        digest = sha256(token.encode()).digest()
        if digest in self._refused:
            return None
        try:
            return await self._callers.get(digest, lambda: self._wait_for_review(token))
        except _Nobody:
            self._refused.add(digest)
            return None

    async def allows(self, caller: Caller, action: Action, namespace: str) -> bool:
        """True when the caller may do this there. `EVERYWHERE` asks for all namespaces."""
        key = (caller, action, namespace)
        return await self._rights.get(key, lambda: self._review_access(*key))

    async def _wait_for_review(self, token: str) -> Caller:
        if self._tokens_waiting >= MAX_TOKENS_WAITING:
            raise TooManyLogins("too many callers log in at once; ask again in a moment")
        self._tokens_waiting += 1
        try:
            async with self._tokens_at_once:
                return await self._review_token(token)
        finally:
            self._tokens_waiting -= 1

    async def _review_token(self, token: str) -> Caller:
        # Without audiences the API server takes its own. A review names only those that it may
        # answer for, so that there are two.
        review = self._api.review_token
        answer = await self._ask(review, {"token": token}, read_token)
        if answer.caller is None:
            spec = {"token": token, "audiences": [AUDIENCE]}
            answer = await self._ask(review, spec, read_token)
            # An authenticator that knows no audiences answers without any: that token is not ours.
            if AUDIENCE not in answer.audiences:
                raise _Nobody
        if answer.caller is None:
            raise _Nobody
        return answer.caller

    async def _review_access(self, caller: Caller, action: Action, namespace: str) -> bool:
        spec = {
            "user": caller.name,
            "uid": caller.uid,
            "groups": list(caller.groups),
            "extra": {key: list(values) for key, values in caller.extra},
            "resourceAttributes": {"namespace": namespace, **asdict(RIGHTS[action])},
        }
        async with self._rights_at_once:
            return await self._ask(self._api.review_access, spec, read_access)

    async def _ask(
        self,
        ask: Callable[[Any], Awaitable[Mapping[str, Any]]],
        spec: Mapping[str, Any],
        read: Callable[[Mapping[str, Any]], T],
    ) -> T:
        try:
            return read(await ask(spec))
        except SchedulerError as error:
            _log.warning("no caller can be let in: %s", error)
            raise ReviewUnavailable(
                "the API server does not answer who calls, so nobody is let in; ask again later"
            ) from error


class ReviewedAccess:
    """The rights that the API server says a caller has."""

    def __init__(self, caller: Caller, reviews: Reviews) -> None:
        self._caller = caller
        self._reviews = reviews

    @property
    def caller_name(self) -> str:
        return self._caller.name

    async def allows(self, action: Action, namespace: str | None) -> bool:
        if await self._reviews.allows(self._caller, action, EVERYWHERE):
            return True
        return bool(namespace) and await self._reviews.allows(
            self._caller, action, namespace or EVERYWHERE
        )

    async def namespaces(self, action: Action, known: Iterable[str]) -> Namespaces:
        # One question answers for who may see all. Only then each namespace is asked for.
        if await self._reviews.allows(self._caller, action, EVERYWHERE):
            return None
        names = sorted({name for name in known if name})
        answers = await asyncio.gather(
            *(self._reviews.allows(self._caller, action, name) for name in names)
        )
        return frozenset(name for name, allowed in zip(names, answers, strict=True) if allowed)
