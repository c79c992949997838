"""Answers are kept for a while, shared by those who ask at once, and bounded in number."""

import asyncio
from dataclasses import dataclass, field

import pytest

from jvscheduler_server.access.cache import AnswerCache, RecentKeys


@dataclass
class Asked:
    """Counts the questions. Each answer is their number so far."""

    now: float = 0
    times: int = 0
    failing: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self) -> int:
        self.times += 1
        await self.gate.wait()
        if self.failing:
            raise ValueError("away")
        return self.times

    def cache(self, size: int = 3) -> AnswerCache[str, int]:
        return AnswerCache(60, size, lambda: self.now)


def test_an_answer_is_kept_for_its_time_and_not_longer() -> None:
    async def story() -> None:
        asked = Asked()
        asked.gate.set()
        cache = asked.cache()
        assert await cache.get("a", asked.ask) == 1
        asked.now = 59.9
        assert await cache.get("a", asked.ask) == 1
        asked.now = 60
        assert await cache.get("a", asked.ask) == 2

    asyncio.run(story())


def test_who_asks_the_same_at_once_shares_one_question() -> None:
    async def story() -> None:
        asked = Asked()
        cache = asked.cache()
        waiting = [asyncio.create_task(cache.get("a", asked.ask)) for _ in range(20)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        asked.gate.set()
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(answers[0], asyncio.CancelledError)
        assert (answers[1:], asked.times) == ([1] * 19, 1)

    asyncio.run(story())


def test_a_failure_is_not_remembered() -> None:
    async def story() -> None:
        asked = Asked(failing=True)
        asked.gate.set()
        cache = asked.cache()
        with pytest.raises(ValueError, match="away"):
            await cache.get("a", asked.ask)
        asked.failing = False
        assert await cache.get("a", asked.ask) == 2

    asyncio.run(story())


def test_the_answers_that_nobody_used_longest_go_first() -> None:
    async def story() -> None:
        asked = Asked()
        asked.gate.set()
        cache = asked.cache(size=3)
        for key in ("a", "b", "c", "a", "d"):
            await cache.get(key, asked.ask)
        assert (len(cache), asked.times) == (3, 4)
        await cache.get("a", asked.ask)
        assert asked.times == 4
        await cache.get("b", asked.ask)
        assert asked.times == 5

    asyncio.run(story())


def test_recent_keys_are_known_for_their_time_and_the_latest_only() -> None:
    now = [0.0]
    keys: RecentKeys[str] = RecentKeys(10, 2, lambda: now[0])
    for key in ("a", "b", "c"):
        keys.add(key)
    assert ["a" in keys, "b" in keys, "c" in keys, len(keys)] == [False, True, True, 2]
    now[0] = 9
    keys.add("b")
    now[0] = 10
    assert ["b" in keys, "c" in keys] == [True, False]
