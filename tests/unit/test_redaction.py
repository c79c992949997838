"""What is taken out of texts, and what stays."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jvscheduler.redaction import COMMON, FORMS_ONLY, MIN_LENGTH, Redactor, redactor_of

HIDDEN = {
    "postgresql://shop:hunter2@db:5432/x": "postgresql://shop:***@db:5432/x",
    "mongodb+srv://u:p%40ss@host/x?a=b": "mongodb+srv://u:***@host/x?a=b",
    "at postgresql://shop:p@ss@db/x, twice http://a:b@c": (
        "at postgresql://shop:***@db/x, twice http://a:***@c"
    ),
    "redis://:hunter2@cache": "redis://:***@cache",
    "https://x/y?api_key=abc&n=1&access_token=def#z": "https://x/y?api_key=***&n=1&access_token=***#z",
    "https://x/y?password=a": "https://x/y?password=***",
    "Authorization: Bearer eyJhbGciOi.J9": "Authorization: Bearer ***",
    "authorization: basic dXNlcjpwYXNz": "authorization: basic ***",
    "{'Authorization': 'Bearer abc', 'x': 1}": "{'Authorization': 'Bearer ***', 'x': 1}",
    'headers={"authorization": "token ghp_1"}': 'headers={"authorization": "token ***"}',
    "(b'Authorization', b'x')": "(b'Authorization', b'***')",
    "[(b'authorization', b'Bearer a.b c'), (b'host', b'x')]": (
        "[(b'authorization', b'Bearer ***'), (b'host', b'x')]"
    ),
    "[(b'x-api-key', b'a;b, c'), (b'accept', b'*/*')]": (
        "[(b'x-api-key', b'***'), (b'accept', b'*/*')]"
    ),
    "[(b'cookie', b'sid=31d4; csrf=\\'x'), (b'a', b'b')]": "[(b'cookie', b'***'), (b'a', b'b')]",
    """[('Set-Cookie', "sid='31d4'; Path=/")]""": """[('Set-Cookie', "***")]""",
    '[["X-Auth-Token", "abc"]]': '[["X-Auth-Token", "***"]]',
    "Authorization: AWS4-HMAC-SHA256 Credential=AK/20260302/eu/s3/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=fe5f80 was refused": (
        "Authorization: AWS4-HMAC-SHA256 *** was refused"
    ),
    "{'authorization': 'AWS4-HMAC-SHA256 Credential=AK/s3,SignedHeaders=host,Signature=fe'}": (
        "{'authorization': 'AWS4-HMAC-SHA256 ***'}"
    ),
    'Authorization: Digest username="shop", realm="a b", response="6629fa", qop=auth\nHost: x': (
        "Authorization: Digest ***\nHost: x"
    ),
    "Authorization: Bearer abc, try again": "Authorization: Bearer ***, try again",
    "host=db user=shop password=hunter/2 dbname=x": "host=db user=shop password=*** dbname=x",
    "'host=db password=a,b;c)d'": "'host=db password=***'",
    r"host=db password = 'hun \'ter 2' dbname=x": "host=db password = *** dbname=x",
    "connect(user='shop', password='a b', port=1)": "connect(user='shop', password=***, port=1)",
    "connect(password=hunter2)": "connect(password=***)",
    "PGPASSWORD=hunter2 psql": "PGPASSWORD=*** psql",
    "postgresql://shop:hun/ter2@db:5432/x?mail=a@b": "postgresql://shop:***@db:5432/x?mail=a@b",
    "postgresql://shop:a?b#c/1@db": "postgresql://shop:***@db",
    "https://x/y?password=a&n=1": "https://x/y?password=***&n=1",
    "Proxy-Authorization: Basic abc=": "Proxy-Authorization: Basic ***",
    "sent Bearer eyJhbGciOi.J9 to it": "sent Bearer *** to it",
    "Basic dXNlcjpwYXNz": "Basic ***",
    "Cookie: session=abc; csrf=def": "Cookie: ***",
    "Set-Cookie: sid=31d4; Path=/": "Set-Cookie: ***",
    "X-Api-Key: abc": "X-Api-Key: ***",
}


@pytest.mark.parametrize("text", HIDDEN)
def test_what_has_the_form_of_a_secret_is_hidden(text: str) -> None:
    assert FORMS_ONLY.redact(text) == HIDDEN[text]


@pytest.mark.parametrize(
    "text",
    [
        "sqlite:///jobs.db",
        "http://host:8080/path?x=a@b",
        "http://host:8080/path@1",
        "http://[::1]:8080/x",
        "http://[fe80::1]:8080/x@y",
        "file://c:/images/a@b",
        "if password == expected:",
        "password authentication failed",
        "mail to shop@example.org: done",
        "basic authentication is a bearer of news",
        "Basic understanding, bearer bonds",
        "we ate every cookie: all of them",
        "authorized",
        "ratio 3:4 at 12:30",
        "password",
    ],
)
def test_other_texts_stay(text: str) -> None:
    assert FORMS_ONLY.redact(text) == text


@pytest.mark.parametrize(
    "piece",
    [
        *("a://b:", "a://b:/", "password=", "password=)", "password='\\", "authorization: "),
        *('authorization: a="', "authorization: a=b,", "'authorization', '", "cookie', '\\"),
        *("x-api-key', b\"", "w", " ", "\\", "a=,"),
    ],
)
def test_what_follows_a_hostile_text_is_still_hidden(piece: str) -> None:
    """With a form that is tried again and again, this does not end."""
    text = piece * (200_000 // len(piece)) + "\nCookie: a=b"
    assert FORMS_ONLY.redact(text).endswith("\nCookie: ***")


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("MAIL_PASSWORD", True),
        ("db_password", True),
        ("GITHUB_TOKEN", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("STRIPE_API_KEY", True),
        ("CARD", True),
        ("PAY_ANYTHING", True),
        ("PAY_REGION", False),
        ("TOKEN_FILE", False),
        ("SECRET_NAME", False),
        ("REGION", False),
        ("PATH", False),
        ("JVSCHEDULER_SECRET_VARIABLES", False),
    ],
)
def test_a_variable_is_secret_by_its_name_or_because_it_is_listed(
    name: str, is_secret: bool
) -> None:
    listed = "card, PAY_*,!PAY_REGION"
    value = listed if name == "JVSCHEDULER_SECRET_VARIABLES" else "tea-with-milk"
    redactor = redactor_of({"JVSCHEDULER_SECRET_VARIABLES": listed, name: value})
    assert (redactor.redact(value) == "***") is is_secret


def test_any_variable_may_be_listed_but_those_of_every_container() -> None:
    environ = {
        "PATH": "/usr/local/bin:/bin",
        "HOSTNAME": "restock-12345",
        "KUBERNETES_SERVICE_HOST": "10.96.0.1",
        "PYTHONUNBUFFERED": "yes-please",
        "JVSCHEDULER_TASK_ID": "shop.tasks.restock",
        "CARD": "tea-with-milk",
    }
    redactor = redactor_of({**environ, "JVSCHEDULER_SECRET_VARIABLES": "*"})
    text = " ".join(environ.values())
    assert redactor.redact(text) == text.replace("tea-with-milk", "***")


def test_the_password_of_a_url_is_hidden_wherever_the_url_is() -> None:
    redactor = redactor_of({"JVSCHEDULER_DATABASE_URL": "postgresql://u:tea%20with%40milk@db/x"})
    text = "password 'tea with@milk', tea%20with%40milk, postgresql://u@db/x"
    assert redactor.redact(text) == "password '***', ***, postgresql://u@db/x"


def test_short_and_common_values_stay() -> None:
    short = "x" * (MIN_LENGTH - 1)
    redactor = Redactor([short, *COMMON, "Production"])
    text = f"{short} {' '.join(sorted(COMMON))} Production"
    assert redactor.redact(text) == text


@pytest.mark.parametrize("secret", ['say "tea"\twith milk', "tea&milk=ä/ö", "  padded-tea\n"])
def test_a_value_is_found_in_the_forms_of_messages(secret: str) -> None:
    redactor = Redactor([secret])
    value = secret.strip()
    for shown in (value, repr(value), json.dumps(value), quote(value, safe="")):
        assert value[:3] not in redactor.redact(f"it is {shown}.")


def test_a_value_of_several_lines_is_found_line_by_line() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nABCDEFGHIJKLMNOPQRST\n-----END KEY-----\n"
    redactor = Redactor([key])
    assert redactor.redact("got ABCDEFGHIJKLMNOPQRST!") == "got ***!"
    assert redactor.redact(repr(key)) == repr("-----BEGIN KEY-----\n***\n***\n-----END KEY-----\n")


def test_the_longer_one_of_two_values_is_hidden_whole() -> None:
    assert Redactor(["tea-leaves", "tea-leaves-of-assam"]).redact("tea-leaves-of-assam") == "***"


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 60))
def test_no_cut_leaves_a_part_of_a_secret(before: int, after: int, limit: int) -> None:
    secret = "0123456789"  # noqa: S105 - hidden below
    redactor = Redactor([secret])
    text = "." * before * 300 + secret * 3 + "." * after * 300
    for cut in (redactor.clip(text, limit * 100), redactor.clip_start(text, limit * 100)):
        assert not set("0123456789") & set(cut)
        assert len(cut.encode()) <= limit * 100


def test_json_keeps_its_shape() -> None:
    redactor = Redactor(["tea-with-milk", "123456"])
    value = {"a": ["tea-with-milk", 123456, 1234567, True, None], "tea-with-milk": {"b": 1.5}}
    assert redactor.redact_json(value) == {
        "a": ["***", "***", 1234567, True, None],
        "***": {"b": 1.5},
    }
