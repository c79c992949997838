"""What the proxy passes on and back, in front of an HTTP server that stands for the API server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from jvscheduler_server.aggregation.application import PREFIX
from jvscheduler_server.dashboard.proxy import is_plain
from tests.support.server.dashboard_scene import Build, scenes


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    return scenes(tmp_path, monkeypatch)


async def plain(_: Request) -> Response:
    return PlainTextResponse("done")


def test_a_request_arrives_with_the_login_and_without_the_browsers(scene: Build) -> None:
    async def story() -> None:
        async with scene(plain) as here:
            await here.open()
            sent = {
                "Authorization": "Bearer of-the-browser",
                "Impersonate-User": "admin",
                "X-Remote-User": "admin",
                "X-Forwarded-For": "10.0.0.1",
                "Connection": "keep-alive, X-Named",
                "X-Named": "one hop",
                "TE": "trailers",
                "Accept": "text/plain",
            }
            answer = await here.browser.get("/api/v1/jobs/a%25b%3F?x=1%2F2&y", headers=sent)
            assert (answer.status_code, answer.text) == (200, "done")
            ((method, target, headers),) = here.api_server.heads
            assert (method, target) == ("GET", f"{PREFIX}/api/v1/jobs/a%25b%3F?x=1/2&y")
            assert headers["authorization"] == "Bearer secret"
            assert headers["accept"] == "text/plain"
            # These are the HTTP client's own.
            own = {"host", "user-agent", "accept-encoding"}
            assert set(headers) - own == {"accept", "authorization"}

    asyncio.run(story())


def test_an_answer_comes_back_without_what_is_of_its_connection(scene: Build) -> None:
    async def answer(_: Request) -> Response:
        response = PlainTextResponse("done", 203, {"X-Own": "kept", "X-Hop": "dropped"})
        more = {"Connection": "X-Hop", "Set-Cookie": "a=b", "WWW-Authenticate": "Basic"}
        response.headers.update({**more, "ETag": '"1"', "Keep-Alive": "timeout=5"})
        return response

    async def story() -> None:
        async with scene(answer) as here:
            await here.open()
            got = await here.browser.get("/docs")
            assert (got.status_code, got.text, got.headers["x-own"]) == (203, "done", "kept")
            assert got.headers["etag"] == '"1"'
            gone = {"x-hop", "set-cookie", "www-authenticate", "keep-alive"}
            assert gone.isdisjoint(got.headers)

    asyncio.run(story())


def test_each_part_of_an_answer_comes_at_once(scene: Build) -> None:
    """The second part is sent when the first one has arrived."""
    arrived = asyncio.Event()

    async def answer(_: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"first"
            await arrived.wait()
            yield b"second"

        return StreamingResponse(parts())

    async def story() -> None:
        async with scene(answer) as here:
            await here.open()
            async with here.browser.stream("GET", "/api/scheduler/events?watch=true") as got:
                parts = got.aiter_raw()
                assert await anext(parts) == b"first"
                arrived.set()
                assert [part async for part in parts] == [b"second"]

    asyncio.run(story())


def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(scene: Build) -> None:
    async def answer(_: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"first"
            raise RuntimeError

        return StreamingResponse(parts())

    async def story() -> None:
        async with scene(answer) as here:
            await here.open()
            with pytest.raises(httpx.RemoteProtocolError):
                await here.browser.get("/docs")

    asyncio.run(story())


def test_who_leaves_ends_the_request_behind_it(scene: Build) -> None:
    ended = asyncio.Event()

    async def answer(_: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"part"
                    await asyncio.sleep(0.01)
            finally:
                ended.set()

        return StreamingResponse(parts())

    async def story() -> None:
        async with scene(answer) as here:
            await here.open()
            async with here.browser.stream("GET", "/docs") as got:
                await anext(got.aiter_raw())
            await ended.wait()

    asyncio.run(story())


def test_a_body_is_passed_on(scene: Build) -> None:
    async def echo(request: Request) -> Response:
        return PlainTextResponse(await request.body())

    async def story() -> None:
        async with scene(echo) as here:
            await here.open()
            refused = await here.browser.post("/api/v1/jobs", json={"a": 1})
            assert refused.status_code == 403
            own = {"X-Requested-With": "jvscheduler"}
            done = await here.browser.post("/api/v1/jobs", json={"a": 1}, headers=own)
            assert done.json() == {"a": 1}
            ((_, _, headers),) = here.api_server.heads
            assert headers["content-type"] == "application/json"

    asyncio.run(story())


def test_a_redirect_is_not_followed(scene: Build) -> None:
    """With the login it could lead anywhere."""

    async def answer(_: Request) -> Response:
        return Response(status_code=307, headers={"Location": "http://127.0.0.1:1/"})

    async def story() -> None:
        async with scene(answer) as here:
            await here.open()
            assert (await here.browser.get("/docs")).status_code == 307

    asyncio.run(story())


def test_the_cookie_is_for_this_host_its_pages_and_no_script(scene: Build) -> None:
    async def story() -> None:
        async with scene(plain) as here:
            link = {"token": here.session.link_token}
            assert (await here.browser.head("/", params=link)).status_code == 401
            answer = await here.browser.get("/", params=link)
            words = answer.headers["set-cookie"].lower().split("; ")
            assert {"httponly", "samesite=strict", "path=/"} <= set(words)
            assert not any(word.startswith(("domain", "max-age", "expires")) for word in words)
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert here.session.link_token not in answer.text

    asyncio.run(story())


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [("evil.example", None, 421), (None, "http://evil.example", 403), (None, None, 401)],
)
def test_a_stranger_reaches_nothing(
    host: str | None, origin: str | None, status: int, scene: Build
) -> None:
    sent = {name: value for name, value in (("Host", host), ("Origin", origin)) if value}

    async def story() -> None:
        async with scene(plain) as here:
            for path in ("/", "/docs", "/livez", "/nowhere", "/?token=x"):
                answer = await here.browser.get(path, headers=sent)
                assert answer.status_code == status
                assert answer.headers["content-type"] == "application/problem+json"
                assert "www-authenticate" not in answer.headers
            assert here.api_server.heads == []

    asyncio.run(story())


@pytest.mark.parametrize(
    "path",
    [
        *("", "docs", "http://evil.example/", "//evil.example/", "/a//b", "/..", "/a/../b", "/./a"),
        *("/a/..", "/a/.", "/..\\..\\api", "/a\\b"),
    ],
)
def test_a_path_that_leads_elsewhere_is_not_plain(path: str) -> None:
    assert not is_plain(path)


@pytest.mark.parametrize("path", ["/", "/docs", "/a/b/", "/api/v1/jobs/o.Job.1..2", "/...", "/a:b"])
def test_a_path_of_the_server_is_plain(path: str) -> None:
    assert is_plain(path)
