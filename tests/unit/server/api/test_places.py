"""How many requests are at work, of one caller and of all, and that a stranger has no place."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from jvscheduler_server.access.kubernetes import KubernetesGate
from jvscheduler_server.access.reviews import MAX_TOKENS_WAITING, Reviews
from jvscheduler_server.api.edge.headers import HEADERS
from jvscheduler_server.api.edge.requests import AT_WORK, SHARE, Places, RequestLimit
from jvscheduler_server.api.entrance import Entrance
from jvscheduler_server.api.problems import too_many
from tests.support.server.in_memory import Served
from tests.support.server.scripted_reviews import ScriptedReviews

STATUS = "/api/scheduler/status"


class Endpoint:
    """Answers when the test lets it; the probes always."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.begun = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/livez":
            self.begun += 1
            await self.free.wait()
        await PlainTextResponse("done")(scope, receive, send)


def named_in_query(scope: Scope) -> str | None:
    return scope["query_string"].decode() or None


def limited(app: ASGIApp) -> RequestLimit:
    return RequestLimit(app, Places(), named_in_query, too_many)


def client_of(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def status_of(app: ASGIApp, caller: str = "", path: str = "/") -> int:
    async with client_of(app) as client:
        return (await client.get(f"{path}?{caller}")).status_code


def told(story: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await story()

    asyncio.run(run())


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - it ends within a few steps of the loop
        await asyncio.sleep(0)


def test_no_more_requests_are_at_work_than_allowed() -> None:
    """One more gets 429 at once, the probes always an answer, and a place becomes free again."""

    async def story() -> None:
        endpoint = Endpoint()
        limit = limited(endpoint)
        working = [asyncio.create_task(status_of(limit)) for _ in range(AT_WORK)]
        await until(lambda: endpoint.begun == AT_WORK)
        assert await status_of(limit) == 429
        assert await status_of(limit, path="/livez") == 200
        endpoint.free.set()
        assert await asyncio.gather(*working) == [200] * AT_WORK
        assert await status_of(limit) == 200

    told(story)


def test_one_caller_leaves_places_for_others() -> None:
    async def story() -> None:
        endpoint = Endpoint()
        limit = limited(endpoint)
        working = [asyncio.create_task(status_of(limit, "ada")) for _ in range(SHARE)]
        await until(lambda: endpoint.begun == SHARE)
        assert await status_of(limit, "ada") == 429
        others = ["eve", "bob", "", *["zoe"] * (AT_WORK - SHARE - 3)]
        working += [asyncio.create_task(status_of(limit, name)) for name in others]
        await until(lambda: endpoint.begun == AT_WORK)
        assert await status_of(limit, "max") == 429
        endpoint.free.set()
        assert await asyncio.gather(*working) == [200] * AT_WORK
        assert await status_of(limit, "ada") == 200

    told(story)


def test_a_request_that_failed_is_not_at_work_any_more() -> None:
    async def endpoint(*_: object) -> None:
        raise RuntimeError

    limit = limited(endpoint)

    async def story() -> None:
        for _ in range(AT_WORK + 1):
            with pytest.raises(RuntimeError):
                await status_of(limit, "ada")

    told(story)


def test_who_has_gone_is_forgotten() -> None:
    places = Places()
    for number in range(100):
        places.take(str(number))
        places.give_back(str(number))
    assert not places._taken  # noqa: SLF001


def test_too_many_requests_are_a_problem_that_says_when_to_ask_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jvscheduler_server.api.edge.requests.AT_WORK", 0)
    served = Served()
    assert served.problem(STATUS, 429)["title"] == "Too Many Requests"
    answer = served.client.get(STATUS)
    assert answer.headers["retry-after"] == "1"
    assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_crowd_of_strangers_takes_no_place() -> None:
    """Who logged in before is answered, while the API server is asked about a flood of tokens."""

    async def story() -> None:
        api = ScriptedReviews(tokens={"good": {"username": "ada"}})
        reviews, endpoint = Reviews(api, lambda: 0.0), Endpoint()
        endpoint.free.set()
        app = Entrance(endpoint, KubernetesGate(reviews), Places())
        async with client_of(app) as client:
            assert (await client.get("/", headers=bearer("good"))).status_code == 200
            api.answer_at = asyncio.Event()
            crowd = [
                asyncio.create_task(client.get("/", headers=bearer(f"garbage-{number}")))
                for number in range(MAX_TOKENS_WAITING)
            ]
            await until(lambda: reviews._tokens_waiting == MAX_TOKENS_WAITING)  # noqa: SLF001
            late = await client.get("/", headers=bearer("late"))
            assert (late.status_code, late.headers["retry-after"]) == (429, "1")
            assert (await client.get("/")).status_code == 401
            assert (await client.get("/", headers=bearer("good"))).status_code == 200
            api.answer_at.set()
            assert {answer.status_code for answer in await asyncio.gather(*crowd)} == {401}
            assert endpoint.begun == 2

    told(story)


def test_the_share_is_that_of_who_logged_in() -> None:
    async def story() -> None:
        tokens = {name: {"username": name} for name in ("ada", "eve")}
        reviews = Reviews(ScriptedReviews(tokens=tokens), lambda: 0.0)
        endpoint = Endpoint()
        statuses: list[int] = []

        async with client_of(Entrance(endpoint, KubernetesGate(reviews), Places())) as client:

            async def ask(name: str) -> None:
                statuses.append((await client.get("/", headers=bearer(name))).status_code)

            working = [asyncio.create_task(ask("ada")) for _ in range(SHARE + 2)]
            await until(lambda: len(statuses) == 2)
            assert statuses == [429, 429]
            working.append(asyncio.create_task(ask("eve")))
            await until(lambda: endpoint.begun == SHARE + 1)
            endpoint.free.set()
            await asyncio.gather(*working)
        assert statuses.count(200) == SHARE + 1

    told(story)
