"""What the API server refuses is said in words, and an expired login is read anew."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from jvscheduler_server.access.refusals import Forbidden, Refused
from jvscheduler_server.aggregation.application import GROUP
from jvscheduler_server.dashboard.refusals import NotLoggedIn, NotServed, Unavailable
from tests.support.server.dashboard_scene import Answer, Build, scenes


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    return scenes(tmp_path, monkeypatch)


def answering(status: int, text: str, media_type: str = "application/json") -> Answer:
    async def answer(_: Request) -> Response:
        return Response(text, status, media_type=media_type)

    return answer


STATUS = '{"kind": "Status", "message": "who is \\n it."}'


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (answering(401, STATUS), NotLoggedIn, "login of the context test: who is it. Log in"),
        (answering(403, STATUS), Forbidden, "who is it. The chart lets everybody"),
        (answering(404, "404 page not found"), NotServed, f"does not serve {GROUP}"),
        (answering(503, "service unavailable"), Unavailable, "(503: service unavailable)"),
        (answering(504, "x" * 9999), Unavailable, f"(504: {'x' * 300})"),
        (answering(500, "[" * 9999), Unavailable, "(500: [["),
    ],
)
def test_what_the_api_server_refuses_is_said_in_words(
    answer: Answer, kind: type[Refused], words: str, scene: Build
) -> None:
    async def story() -> None:
        async with scene(answer) as here:
            with pytest.raises(kind) as refused:
                await here.upstream.check()
            assert words in str(refused.value)
            await here.open()
            shown = await here.browser.get("/docs")
            assert (shown.status_code, shown.json()["detail"]) == (kind.status, str(refused.value))

    asyncio.run(story())


@pytest.mark.parametrize("status", [401, 403, 404, 422, 429, 503])
def test_the_servers_own_problems_are_passed_back(status: int, scene: Build) -> None:
    async def story() -> None:
        async with scene(answering(status, "{}", "application/problem+json")) as here:
            await here.open()
            answer = await here.browser.get("/docs")
            assert (answer.status_code, answer.text) == (status, "{}")

    asyncio.run(story())


def test_a_login_that_expired_is_read_anew(scene: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jvscheduler_server.dashboard.upstream.LOGIN_SECONDS", 0.0)

    async def answer(request: Request) -> Response:
        is_known = request.headers["authorization"] == "Bearer renewed"
        return PlainTextResponse("done", 200 if is_known else 401)

    async def story() -> None:
        async with scene(answer) as here:
            await here.open()
            assert (await here.browser.get("/docs")).status_code == 502
            text = here.kubeconfig.read_text()
            here.kubeconfig.write_text(text.replace("secret", "renewed"))
            own: dict[str, Any] = {"headers": {"X-Requested-With": "jvscheduler"}, "content": b"x"}
            # Its body is gone with the first try, which was not acted on.
            assert "again" in (await here.browser.post("/docs", **own)).json()["detail"]
            assert (await here.browser.post("/docs", **own)).status_code == 200
            assert (await here.browser.get("/docs")).text == "done"

    asyncio.run(story())


def test_a_refused_login_is_not_read_anew_for_each_request(scene: Build) -> None:
    """To read it may start a program, which may open a window."""

    async def story() -> None:
        async with scene(answering(401, STATUS)) as here:
            await here.open()
            for _ in range(3):
                assert (await here.browser.get("/docs")).status_code == 502
            assert len(here.api_server.heads) == 3

    asyncio.run(story())


def test_an_api_server_that_never_answers_is_named(
    scene: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jvscheduler_server.dashboard.upstream.CHECK_SECONDS", 0.05)

    async def answer(_: Request) -> Response:
        await asyncio.sleep(60)
        return Response()

    async def story() -> None:
        async with scene(answer) as here:
            with pytest.raises(Unavailable, match="does not answer: TimeoutError"):
                await here.upstream.check()

    asyncio.run(story())
