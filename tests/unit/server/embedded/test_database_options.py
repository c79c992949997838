"""Options of a server's database that jvspatial does not read are errors that name the fix."""

from typing import Any

import pytest
from jvspatial.api.config_groups import DatabaseConfig
from jvspatial.db.mongodb import MongoDB

from jvscheduler.errors import InvalidSettings
from jvscheduler_server.embedded.database_options import check_options
from jvscheduler_server.embedded.databases import check_same, url_of

MONGODB = "mongodb://shop:s3cret@here"


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        pytest.param(
            {"db_type": "mongodb", "db_connection_string": MONGODB},
            r"database=\{'db_type': 'mongodb', 'db_connection_string': …\}",
            id="outside of database",
        ),
        pytest.param(
            {"postgres_dsn": "postgresql://shop:s3cret@here/shop"},
            r"database=\{'db_type': 'postgres', 'postgres_dsn': …\}",
            id="outside, without a type",
        ),
        pytest.param({"db_path": "shop.db"}, "add db_type='sqlite'", id="a path alone"),
        pytest.param(
            {"database": {"db_connection_string": MONGODB}},
            r"JVSPATIAL_MONGODB_URI in the environment.* add db_type='mongodb'",
            id="a connection string alone",
        ),
        pytest.param(
            {"database": {"db_type": "postgres", "db_connection_string": MONGODB}},
            "does not read db_connection_string: give postgres_dsn",
            id="a connection string for PostgreSQL",
        ),
        pytest.param(
            {"db_type": "mongodb", "db_path": "shop.db"},
            "does not read db_path: give db_connection_string",
            id="a path for MongoDB",
        ),
        pytest.param(
            {"database": DatabaseConfig(db_type="sqlite", db_database_name="shop")},
            "does not read db_database_name: give db_path",
            id="a model",
        ),
        pytest.param(
            {"database": {"db_type": "mongodb", "db_connection_string": f"{MONGODB}/shop"}},
            "give db_database_name too",
            id="a name in the connection string",
        ),
    ],
)
def test_an_option_that_is_not_read_is_refused(given: dict[str, Any], fix: str) -> None:
    with pytest.raises(InvalidSettings, match=fix) as refused:
        check_options(given, as_jvspatial_reads(given))
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"db_type": "sqlite", "db_path": "shop.db", "db_path_resolve": "app"},
        {"database": {"db_type": "postgresql", "postgres_dsn": "postgresql://here/shop"}},
        {"database": {"db_type": "mongodb", "db_connection_string": MONGODB + "/?w=1"}},
        {"database": {"db_type": "mongodb", "db_database_name": "shop"}},
        {"db_type": "json", "db_path": "shop"},
    ],
)
def test_other_options_are_taken(given: dict[str, Any]) -> None:
    check_options(given, as_jvspatial_reads(given))


def test_a_variable_for_another_type_is_no_mistake_of_the_servers_call() -> None:
    check_options(
        {"db_type": "sqlite"}, DatabaseConfig(db_type="sqlite", db_connection_string=MONGODB)
    )


def as_jvspatial_reads(given: dict[str, Any]) -> DatabaseConfig:
    inside = given.get("database", {})
    if isinstance(inside, DatabaseConfig):
        return inside
    outside = {name: given[name] for name in ("db_type", "db_path") if name in given}
    return DatabaseConfig(**{**outside, **inside})


def test_options_of_a_mongodb_url_name_no_other_database() -> None:
    check_same(f"{MONGODB}/shop?w=1", f"{MONGODB}/shop")
    with pytest.raises(InvalidSettings, match="unset the variable"):
        check_same(f"{MONGODB}/shop?w=1", f"{MONGODB}/market?w=1")


@pytest.mark.parametrize(
    ("uri", "url"),
    [
        ("mongodb://here/?w=1", "mongodb://here/shop?w=1"),
        ("mongodb://a:b@here/admin", "mongodb://a:b@here/shop?authSource=admin"),
        ("mongodb://a:b@here/admin?authSource=own", "mongodb://a:b@here/shop?authSource=own"),
    ],
)
def test_users_stay_in_the_database_that_the_servers_url_names(uri: str, url: str) -> None:
    assert url_of(MongoDB(uri, "shop")) == url
