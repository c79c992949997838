"""What is asked of the API server about a caller, how often, and what follows from its answers."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from jvscheduler_server.access.actions import Action
from jvscheduler_server.access.callers import Caller
from jvscheduler_server.access.refusals import ReviewUnavailable, TooManyLogins
from jvscheduler_server.access.reviews import (
    CACHE_SECONDS,
    EVERYWHERE,
    MAX_TOKENS,
    MAX_TOKENS_AT_ONCE,
    MAX_TOKENS_WAITING,
    REFUSED_SECONDS,
    ReviewedAccess,
    Reviews,
)
from tests.support.server.scripted_reviews import ScriptedReviews

ADA = {
    "username": "ada",
    "uid": "7",
    "groups": ["staff", "system:authenticated"],
    "extra": {"scopes": ["one", "two"]},
}
CALLER = Caller("ada", "7", ("staff", "system:authenticated"), (("scopes", ("one", "two")),))
SHOP = frozenset({"shop"})
SEE, LOGS = ("list", "scheduledtasks"), ("get", "pods/log")


def told(api: ScriptedReviews, story: Callable[[Reviews], Awaitable[None]]) -> None:
    async def run() -> None:
        await story(Reviews(api, lambda: 0.0))

    asyncio.run(run())


def test_a_token_is_reviewed_once_a_minute() -> None:
    api, now = ScriptedReviews(tokens={"good": ADA}), [0.0]

    async def story() -> None:
        reviews = Reviews(api, lambda: now[0])
        assert await reviews.caller("good") == CALLER
        assert await reviews.caller("good") == CALLER
        assert len(api.asked) == 1
        now[0] = CACHE_SECONDS
        del api.tokens["good"]
        assert await reviews.caller("good") is None

    asyncio.run(story())


def test_a_token_for_this_server_only_is_good() -> None:
    api = ScriptedReviews(tokens={"ours": ADA}, audiences={"ours": ["jvscheduler"]})

    async def story(reviews: Reviews) -> None:
        assert await reviews.caller("ours") == CALLER

    told(api, story)


@pytest.mark.parametrize("audiences", [["other"], []])
def test_a_token_for_another_audience_is_nobodys(audiences: list[str]) -> None:
    api = ScriptedReviews(tokens={"theirs": ADA}, audiences={"theirs": audiences})

    async def story(reviews: Reviews) -> None:
        assert await reviews.caller("theirs") is None
        assert await reviews.caller("theirs") is None

    told(api, story)
    assert len(api.asked) == 2, "a denial is remembered too"


def test_an_authenticator_that_ignores_audiences_opens_nothing() -> None:
    class Ignorant(ScriptedReviews):
        async def review_token(self, spec: object) -> dict[str, object]:
            is_second = "audiences" in spec  # type: ignore[operator]
            return {"authenticated": is_second, "user": ADA}

    async def story(reviews: Reviews) -> None:
        assert await reviews.caller("any") is None

    told(Ignorant(), story)


def test_the_review_of_a_right_names_the_whole_caller() -> None:
    api = ScriptedReviews(rights={("ada", *LOGS, "shop")})

    async def story(reviews: Reviews) -> None:
        assert await reviews.allows(CALLER, Action.LOGS, "shop")
        assert not await reviews.allows(CALLER, Action.LOGS, "bank")
        assert not await reviews.allows(Caller("eve"), Action.LOGS, "shop")

    told(api, story)
    assert api.asked[0] == {
        "user": "ada",
        "uid": "7",
        "groups": ["staff", "system:authenticated"],
        "extra": {"scopes": ["one", "two"]},
        "resourceAttributes": {
            "namespace": "shop",
            "verb": "get",
            "group": "",
            "resource": "pods",
            "subresource": "log",
        },
    }


def test_who_may_see_all_namespaces_costs_one_review() -> None:
    api = ScriptedReviews(rights={("ada", *SEE, EVERYWHERE)})

    async def story(reviews: Reviews) -> None:
        access = ReviewedAccess(CALLER, reviews)
        assert await access.namespaces(Action.SEE, [f"n{i}" for i in range(50)]) is None
        assert await access.allows(Action.SEE, None)
        assert await access.allows(Action.SEE, "n7")

    told(api, story)
    assert len(api.asked) == 1


def test_others_see_the_namespaces_that_they_may_list_tasks_in() -> None:
    api = ScriptedReviews(rights={("ada", *SEE, "shop"), ("ada", *LOGS, "bank")})

    async def story(reviews: Reviews) -> None:
        access = ReviewedAccess(CALLER, reviews)
        for _ in range(3):
            assert await access.namespaces(Action.SEE, ["shop", "bank", "shop"]) == SHOP
        assert await access.namespaces(Action.LOGS, ["shop", "bank"]) == frozenset({"bank"})
        assert not await access.allows(Action.SEE, None), "a record without a namespace needs all"
        assert not await access.allows(Action.ACT, "shop")

    told(api, story)
    assert len(api.asked) == 3 + 3 + 2


def test_an_api_server_that_is_away_opens_nothing_and_is_asked_again() -> None:
    api = ScriptedReviews(tokens={"good": ADA}, away=True)

    async def story(reviews: Reviews) -> None:
        with pytest.raises(ReviewUnavailable) as refused:
            await reviews.caller("good")
        assert "secret-host" not in str(refused.value)
        with pytest.raises(ReviewUnavailable):
            await reviews.allows(CALLER, Action.SEE, "shop")
        api.away = False
        assert await reviews.caller("good") == CALLER

    told(api, story)


async def a_while() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_flood_of_tokens_reaches_the_api_server_a_few_at_a_time() -> None:
    async def story() -> None:
        api = ScriptedReviews(answer_at=asyncio.Event())
        reviews = Reviews(api, lambda: 0.0)
        flood = [asyncio.create_task(reviews.caller(f"t{i}")) for i in range(MAX_TOKENS_WAITING)]
        await a_while()
        assert len(api.asked) == MAX_TOKENS_AT_ONCE
        with pytest.raises(TooManyLogins):
            await reviews.caller("one more")
        # Rights are asked for all the same: only who is in asks for them.
        right = asyncio.create_task(reviews.allows(CALLER, Action.SEE, "shop"))
        await a_while()
        assert len(api.asked) == MAX_TOKENS_AT_ONCE + 1
        assert api.answer_at is not None
        api.answer_at.set()
        assert set(await asyncio.gather(*flood)) == {None}
        assert not await right
        assert await reviews.caller("one more") is None

    asyncio.run(story())


def test_a_refused_token_is_asked_about_again_after_a_while() -> None:
    api, now = ScriptedReviews(), [0.0]

    async def story() -> None:
        reviews = Reviews(api, lambda: now[0])
        for _ in range(3):
            assert await reviews.caller("early") is None
        assert len(api.asked) == 2, "one for each audience"
        api.tokens["early"] = ADA
        now[0] = REFUSED_SECONDS
        assert await reviews.caller("early") == CALLER

    asyncio.run(story())


def test_a_flood_of_garbage_makes_nobody_forgotten() -> None:
    api = ScriptedReviews(tokens={"good": ADA})

    async def story(reviews: Reviews) -> None:
        assert await reviews.caller("good") == CALLER
        for number in range(MAX_TOKENS + 10):
            assert await reviews.caller(f"garbage-{number}") is None
        asked = len(api.asked)
        assert await reviews.caller("good") == CALLER
        assert len(api.asked) == asked

    told(api, story)
