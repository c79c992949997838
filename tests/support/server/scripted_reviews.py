"""An API server that answers reviews from tables. It counts them, and may be away."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jvscheduler.errors import TemporaryError


@dataclass
class ScriptedReviews:
    """`tokens` has the user of each token; `rights` what a user may do: verb, resource, where."""

    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    audiences: dict[str, list[str]] = field(default_factory=dict)
    """The audiences of tokens that are not for the API server."""
    rights: set[tuple[str, str, str, str]] = field(default_factory=set)
    away: bool = False
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    answer_at: asyncio.Event | None = None
    """The answers wait for it."""

    async def review_token(self, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        await self._ask(spec)
        user = self.tokens.get(spec["token"])
        audiences = self.audiences.get(spec["token"])
        if user is None or audiences != spec.get("audiences"):
            return {"error": "invalid bearer token", "user": {}}
        return {"authenticated": True, "user": user, "audiences": audiences or ["api"]}

    async def review_access(self, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        await self._ask(spec)
        asked = spec["resourceAttributes"]
        resource = "/".join(filter(None, (asked["resource"], asked["subresource"])))
        right = (spec["user"], asked["verb"], resource, asked["namespace"])
        return {"allowed": right in self.rights}

    async def _ask(self, spec: Mapping[str, Any]) -> None:
        self.asked.append(spec)
        if self.answer_at is not None:
            await self.answer_at.wait()
        if self.away:
            raise TemporaryError("the API server does not answer: secret-host:6443")
