"""What every request passes before an endpoint: headers, problems, pieces, /docs."""

import asyncio
import base64
import hashlib
import re

import pytest
from starlette.types import Message

from jvscheduler_server.api.edge.headers import HEADERS, NOTHING
from jvscheduler_server.api.edge.requests import PIECE_BYTES, in_pieces
from jvscheduler_server.api.problems import MAX_ECHO
from tests.support.server.in_memory import Served

RECENT = "/api/scheduler/jobs/recent"
STATUS = "/api/scheduler/status"


@pytest.fixture
def served() -> Served:
    return Served()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (STATUS, 200),
        ("/livez", 200),
        ("/openapi.json", 200),
        ("/nothing", 404),
        (f"{RECENT}?limit=0", 422),
        (RECENT, 503),
        (STATUS, 500),
    ],
)
def test_every_answer_has_the_headers(served: Served, path: str, status: int) -> None:
    served.store.away = status == 503
    if status == 500:
        served.cluster.tasks = lambda: 1 / 0  # type: ignore[method-assign,assignment,return-value]
    answer = served.client.get(path)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS)
    assert answer.headers["content-security-policy"] == NOTHING


def test_the_docs_load_nothing_and_run_nothing(served: Served) -> None:
    answer = served.client.get("/docs")
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert answer.headers["content-security-policy"] == f"{NOTHING}; style-src 'sha256-{digest}'"
    assert not re.search(r"<script|<link|<img|https?://| on\w+=", answer.text)


def test_the_docs_name_every_path_parameter_and_answer(served: Served) -> None:
    text, document = served.client.get("/docs").text, served.get("/openapi.json")
    for path, operations in document["paths"].items():
        assert f"<h2>GET {path}</h2>" in text
        for parameter in operations["get"].get("parameters", []):
            assert f"<td>{parameter['name']}</td>" in text
    for name, schema in document["components"]["schemas"].items():
        assert f'<h2 id="{name}">' in text
        assert all(f"<td>{field}</td>" in text for field in schema.get("properties", {}))


@pytest.mark.parametrize(
    "target",
    [
        f"/{'~' * 5000}",
        f"{RECENT}?{'~' * 5000}=1",
        f"{RECENT}?status={'~' * 5000}",
        f"{RECENT}?status={'~' * 5000}&hours={'~' * 5000}&limit={'~' * 5000}",
        f"{RECENT}?{'~' * 5000}=1&{'~' * 5000}=2",
        f"{RECENT}?" + "&".join(f"{'~' * n}=1&{'~' * n}=2" for n in range(100, 130)),
    ],
    ids=["path", "name", "value", "values", "repeated", "many-repeated"],
)
def test_a_problem_repeats_little_of_the_request(served: Served, target: str) -> None:
    answer = served.client.get(target)
    assert answer.status_code in (404, 422)
    assert 0 < answer.text.count("~") <= MAX_ECHO
    assert len(answer.text) < 3000


def test_a_method_is_cut_too(served: Served) -> None:
    answer = served.client.request("~" * 5000, f"/{'~' * 5000}")
    assert answer.text.count("~") <= MAX_ECHO


def test_an_answer_is_sent_in_pieces() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    body = bytes(range(256)) * (PIECE_BYTES // 256) * 2 + b"rest"
    whole: Message = {"type": "http.response.body", "body": body}

    async def story() -> None:
        await in_pieces(send)(whole)

    asyncio.run(story())
    assert b"".join(message["body"] for message in sent) == body
    assert [message["more_body"] for message in sent] == [True, True, False]
    assert max(len(message["body"]) for message in sent) == PIECE_BYTES
