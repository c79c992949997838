"""Methods that may change something: from our own pages and from programs only."""

from collections.abc import Iterable, Mapping

import pytest
from starlette.requests import Request

from jvscheduler_server.access.refusals import Forbidden
from jvscheduler_server.access.same_origin import SAFE_METHODS, check_same_origin

HOST = ("host", "jvscheduler.example")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE", "TRACE", "ANYTHING")


def is_refused(method: str, headers: Iterable[tuple[str, str]]) -> bool:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    try:
        check_same_origin(Request({"type": "http", "method": method, "path": "/", "headers": raw}))
    except Forbidden:
        return True
    return False


FOREIGN: Mapping[str, tuple[tuple[str, str], ...]] = {
    "nothing": (HOST,),
    "another origin": (HOST, ("origin", "https://evil.example")),
    "no origin to name": (HOST, ("origin", "null")),
    "no address": (HOST, ("origin", "http://[")),
    "another port": (HOST, ("origin", "https://jvscheduler.example:8443")),
    "a longer name": (HOST, ("origin", "https://jvscheduler.example.evil.example")),
    "its name as a user": (HOST, ("origin", "https://jvscheduler.example@evil.example")),
    "two origins": (HOST, *[("origin", "https://jvscheduler.example")] * 2),
    "no host": (("origin", "https://jvscheduler.example"),),
    "another site": (HOST, ("sec-fetch-site", "cross-site")),
    "another port of the site": (HOST, ("sec-fetch-site", "same-site")),
    "an address that was typed in": (HOST, ("sec-fetch-site", "none")),
    "two sites": (HOST, ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")),
    "another site with our origin": (
        HOST,
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://jvscheduler.example"),
    ),
    "a form": (HOST, ("content-type", "application/x-www-form-urlencoded")),
    "JSON as text": (HOST, ("content-type", "text/plain")),
    "jQuery's header": (HOST, ("x-requested-with", "XMLHttpRequest")),
    "a bearer of the proxy": (HOST, ("authorization", "Bearer x")),
}
OWN: Mapping[str, tuple[tuple[str, str], ...]] = {
    "the same origin": (HOST, ("origin", "https://jvscheduler.example")),
    "the browser says so": (HOST, ("sec-fetch-site", "same-origin")),
    "a program": (HOST, ("x-requested-with", "jvscheduler")),
    "a page behind a proxy that changes the host": (
        ("host", "server.internal:8080"),
        ("origin", "https://jvscheduler.example"),
        ("sec-fetch-site", "same-origin"),
    ),
}


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize("name", FOREIGN)
def test_another_page_may_change_nothing(name: str, method: str) -> None:
    assert is_refused(method, FOREIGN[name])


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize("name", OWN)
def test_our_own_pages_and_programs_may(name: str, method: str) -> None:
    assert not is_refused(method, OWN[name])


@pytest.mark.parametrize("method", sorted(SAFE_METHODS))
def test_who_reads_needs_no_origin(method: str) -> None:
    assert not any(is_refused(method, headers) for headers in FOREIGN.values())
