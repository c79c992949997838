"""The history's URL, as users write it."""

import pytest

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.urls import parse_url


@pytest.mark.parametrize(
    ("text", "path"),
    [
        pytest.param("sqlite:///history.db", "history.db", id="relative"),
        pytest.param("sqlite:///data/history.db", "data/history.db", id="in a folder"),
        pytest.param("sqlite:////var/lib/history.db", "/var/lib/history.db", id="absolute"),
    ],
)
def test_a_sqlite_url_names_a_file(text: str, path: str) -> None:
    url = parse_url(text)
    assert (url.backend, url.path, url.redacted) == ("sqlite", path, text)


def test_both_names_of_postgresql_mean_the_same() -> None:
    url = parse_url("postgres://shop@db/shop")
    assert (url.backend, url.text) == ("postgresql", "postgresql://shop@db/shop")


@pytest.mark.parametrize(
    "text",
    [
        "mongodb://shop:s3cret@db:27017/shop?authSource=admin",
        "mongodb://shop:s3cret@one,two:27018/shop",
        "mongodb+srv://shop:s3cret@db/shop",
    ],
)
def test_a_mongodb_url_names_its_database(text: str) -> None:
    url = parse_url(text)
    assert (url.backend, url.text, url.database) == ("mongodb", text, "shop")
    assert url.redacted == text.replace("shop:s3cret@", "").partition("?")[0]


@pytest.mark.parametrize("rest", ["db", "db/", "/shop", "db/a.b", "db/a/b", "db/a$b", ""])
def test_a_mongodb_url_without_a_database_is_refused(rest: str) -> None:
    with pytest.raises(InvalidSettings, match=r"mongodb://user:password@host:27017/database"):
        parse_url(f"mongodb://{rest}")


@pytest.mark.parametrize(
    "text",
    ["postgresql://shop:s3cret@db:5432/shop?sslmode=require", "postgresql://shop:s3@cret@db/shop"],
)
def test_a_message_shows_no_password(text: str) -> None:
    shown = parse_url(text).redacted
    assert "cret" not in shown
    assert "shop:" not in shown
    assert shown.startswith("postgresql://db")


@pytest.mark.parametrize(
    "text",
    [
        *("", "history.db", "sqlite:history.db", "sqlite://history.db", "sqlite:///"),
        *(
            "sqlite:///:memory:",
            "sqlite://:memory:",
            "postgresql://",
            "mysql://shop:s3cret@db/shop",
        ),
    ],
)
def test_any_other_address_is_refused_with_the_forms_that_work(text: str) -> None:
    with pytest.raises(InvalidSettings, match=r"sqlite:////absolute\.db") as raised:
        parse_url(text)
    assert "s3cret" not in str(raised.value)
