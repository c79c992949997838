"""The link, the cookie and the addresses of one start of the dashboard."""

import pytest
from starlette.requests import Request

from jvscheduler_server.access.refusals import Forbidden
from jvscheduler_server.dashboard.refusals import Misdirected, NoSession
from jvscheduler_server.dashboard.session import Session

PORT = 4711
HOST = f"127.0.0.1:{PORT}"


def request(method: str = "GET", **headers: str) -> Request:
    sent = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = [(name.encode(), value.encode()) for name, value in sent.items()]
    return Request({"type": "http", "method": method, "path": "/", "headers": raw})


@pytest.fixture
def session() -> Session:
    return Session(PORT)


def cookie(session: Session) -> str:
    return f"{session.cookie}={session.open(session.link_token, request())}"


@pytest.mark.parametrize("host", [HOST, f"localhost:{PORT}", f"LOCALHOST:{PORT}", f"[::1]:{PORT}"])
def test_it_has_the_names_of_the_loopback(host: str, session: Session) -> None:
    session.check_address(request(host=host))
    session.check_address(request(host=host, origin=f"http://{host}"))


@pytest.mark.parametrize(
    "host",
    [
        *("", "127.0.0.1", "localhost", "evil.example", f"evil.example:{PORT}"),
        *("127.0.0.1:4712", f"127.0.0.2:{PORT}", f"localhost.evil.example:{PORT}"),
        f"{HOST}@evil.example",
    ],
)
def test_any_other_host_is_misdirected(host: str, session: Session) -> None:
    with pytest.raises(Misdirected) as refused:
        session.check_address(request(host=host))
    assert refused.value.status == 421


def test_two_hosts_are_none(session: Session) -> None:
    twice = Request({"type": "http", "headers": [(b"host", HOST.encode())] * 2})
    with pytest.raises(Misdirected):
        session.check_address(twice)


@pytest.mark.parametrize(
    "origin",
    ["null", "https://evil.example", "http://127.0.0.1:4712", f"http://localhost:{PORT}", ""],
)
def test_a_page_of_another_origin_is_refused(origin: str, session: Session) -> None:
    with pytest.raises(Forbidden):
        session.check_address(request(origin=origin))


def test_on_the_port_of_http_a_browser_leaves_the_port_out() -> None:
    Session(80).check_address(request(host="localhost"))


def test_the_link_gives_a_cookie_that_opens(session: Session) -> None:
    session.check_cookie(request(cookie=cookie(session)))


@pytest.mark.parametrize("name", ["right", "wrong", "empty", "other"])
def test_only_the_cookie_of_this_start_opens(name: str, session: Session) -> None:
    other = Session(PORT)
    sent = {
        "right": cookie(session),
        "wrong": f"{session.cookie}=x",
        "empty": f"{session.cookie}=",
        "other": cookie(other),
    }[name]
    if name == "right":
        session.check_cookie(request(cookie=sent))
        return
    with pytest.raises(NoSession):
        session.check_cookie(request(cookie=sent))


def test_the_token_of_the_link_is_no_cookie(session: Session) -> None:
    for sent in ({}, {"cookie": f"{session.cookie}={session.link_token}"}):
        with pytest.raises(NoSession, match="open the link"):
            session.check_cookie(request(**sent))


@pytest.mark.parametrize("token", ["", "x", "ü"])
def test_a_wrong_link_opens_nothing_and_ends_nothing(token: str, session: Session) -> None:
    with pytest.raises(NoSession):
        session.open(token, request())
    session.check_cookie(request(cookie=cookie(session)))


def test_a_link_that_somebody_else_used_too_ends_the_session(session: Session) -> None:
    """Whoever was first may be the wrong one."""
    first = cookie(session)
    with pytest.raises(NoSession, match="used twice"):
        session.open(session.link_token, request())
    with pytest.raises(NoSession, match="used twice"):
        session.check_cookie(request(cookie=first))


def test_who_has_the_cookie_may_open_the_link_again(session: Session) -> None:
    first = cookie(session)
    session.open(session.link_token, request(cookie=first))
    session.check_cookie(request(cookie=first))


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"sec_fetch_site": "same-site"}),
        ("GET", {"sec_fetch_site": "cross-site"}),
        ("POST", {}),
        ("POST", {"sec_fetch_site": "none"}),
    ],
)
def test_another_page_has_no_use_of_the_cookie(
    method: str, headers: dict[str, str], session: Session
) -> None:
    with pytest.raises(Forbidden):
        session.check_cookie(request(method, cookie=cookie(session), **headers))
