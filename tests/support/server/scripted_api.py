"""An API server for a watch, without a cluster."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from jvscheduler_server.kubernetes.fields import Json
from jvscheduler_server.kubernetes.informer import Resource


class Script:
    """An API server that answers as written, then hangs."""

    def __init__(self, *answers: object) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []
        self.done = asyncio.Event()
        self.namespaces: bool | Exception = True
        """The answer to whether a namespace exists."""

    async def list(self, resource: Resource[Any]) -> tuple[Sequence[Json], str]:
        self.asked.append("list")
        answer = await self._next()
        assert isinstance(answer, tuple)
        return answer

    async def namespace_exists(self, namespace: str) -> bool:
        if isinstance(self.namespaces, Exception):
            raise self.namespaces
        return self.namespaces

    async def watch(self, resource: Resource[Any], version: str) -> AsyncIterator[Json]:
        self.asked.append(f"watch {version}")
        answer = await self._next()
        assert isinstance(answer, list)
        for item in answer:
            if isinstance(item, Exception):
                raise item
            yield item

    async def _next(self) -> object:
        if not self._answers:
            self.done.set()
            await asyncio.Event().wait()
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer
