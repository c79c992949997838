"""The history's URL, as users write it."""

import asyncio
import traceback
from pathlib import Path

import pytest

from jvscheduler.errors import HistoryUnavailable, InvalidSettings
from jvscheduler.history.store.database import open_store
from jvscheduler.history.urls import absolute_url, check_folder, parse_url


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
    [
        "postgresql://shop:s3cret@db:5432/shop?sslmode=require",
        "postgresql://shop:s3%40cret@db/shop",
        "postgresql://shop:s3cret@db,db2:5433/shop?options=-csearch_path%3Dshop",
        "postgresql://shop:s3cret@db/shop?application_name=a@b",
        " postgresql://shop:s3cret@db/shop\n",
    ],
)
def test_a_message_shows_no_password(text: str) -> None:
    shown = parse_url(text).redacted
    assert "cret" not in shown
    assert "shop:" not in shown
    assert shown.startswith("postgresql://db")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "mongodb", "mongodb+srv"])
@pytest.mark.parametrize(
    "rest",
    [
        *("shop:s3@cret@db/shop", "sh@op:s3cret@db/shop", "shop:s3#cret@db/shop"),
        *("shop:s3/cret@db/shop", "shop:s3?cret@db/shop", "shop:s3[cret@db/shop"),
        *("shop:#s3cret@db/shop", "shop:s3cret@db/shop#part", "shop:s3]cret@db/shop"),
        *("shop:12/cret@db/shop", "shop:12?cret@db/shop", "shop:s3\u2100cret@db/shop"),
    ],
)
def test_an_unescaped_sign_is_told_as_such_and_the_password_is_not_shown(
    scheme: str, rest: str
) -> None:
    with pytest.raises(InvalidSettings, match=r"@ is %40.*# is %23|names servers") as raised:
        parse_url(f"{scheme}://{rest}")
    shown = "".join(traceback.format_exception(raised.value))
    assert not any(part in str(raised.value) for part in ("cret", "s3", "12", "shop:"))
    assert raised.value.__suppress_context__ or raised.value.__context__ is None, shown


@pytest.mark.parametrize("scheme", ["mongodb", "mongodb+srv"])
@pytest.mark.parametrize("user", ["shop:s3%zzcret", "shop:s3cret%", "sh%op:s3cret", "shop:s3:cret"])
def test_a_user_that_mongodbs_driver_refuses_is_no_outage(scheme: str, user: str) -> None:
    with pytest.raises(InvalidSettings, match=r": is %3A.*% is %25") as raised:
        parse_url(f"{scheme}://{user}@db/shop")
    assert "cret" not in str(raised.value)
    assert parse_url(f"{scheme}://shop:s3%3a%25cret@db/shop").database == "shop"


@pytest.mark.parametrize("port", ["x", "70000", "-1", "5432x", "٣"])
def test_a_port_is_a_number(port: str) -> None:
    with pytest.raises(InvalidSettings, match="port is no number") as raised:
        parse_url(f"postgresql://shop:s3cret@db:{port}/shop")
    assert "cret" not in str(raised.value)


@pytest.mark.parametrize("hosts", ["db", "db:5432", "[::1]", "[::1]:5432", "a:1,b:2", "a,b", ""])
def test_the_forms_of_hosts_are_taken(hosts: str) -> None:
    assert parse_url(f"postgresql://shop:x@{hosts}/shop").backend == "postgresql"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sqlite:///x.db?foo=1", "has no options: leave out what follows 'x.db'"),
        ("sqlite:///x.db#foo", "has no options: leave out what follows 'x.db'"),
        ("sqlite:///data/", "is a folder"),
        ("sqlite:///x\n.db", "control character"),
        ("postgresql://shop:s3cret\n@db/shop", "control character"),
    ],
)
def test_what_would_make_another_file_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidSettings, match=message) as raised:
        parse_url(text)
    assert "cret" not in str(raised.value)


def test_an_absolute_url_means_the_same_in_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = absolute_url("sqlite:///data/history.db")
    assert url == f"sqlite:///{tmp_path}/data/history.db"
    assert absolute_url(url) == url
    assert absolute_url("postgres://db/shop") == "postgresql://db/shop"


def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/mistyped/history.db"
    with pytest.raises(InvalidSettings, match=f"there is no folder {tmp_path}/mistyped; make it"):
        check_folder(url)
    with pytest.raises(HistoryUnavailable, match="there is no folder"):
        asyncio.run(open_store(url).ping())
    assert not (tmp_path / "mistyped").exists()


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
