"""The server's settings, and the messages about those that cannot be used."""

from pathlib import Path

import pytest

from jvscheduler.errors import InvalidSettings
from jvscheduler_server.__main__ import main
from jvscheduler_server.access.settings import AccessSettings, Mode
from jvscheduler_server.settings import ListenerSettings, Settings, read_log, read_settings

URL = "postgresql://user@host/jobs"
REQUIRED = {"JVSCHEDULER_DATABASE_URL": URL}
BY_TOKEN = AccessSettings(Mode.KUBERNETES)
"""Nobody comes in without login unless somebody asked for that."""


def test_only_the_database_must_be_set() -> None:
    every = "0.0.0.0"  # noqa: S104 - a container's port
    assert read_settings([], REQUIRED) == Settings(URL, every, 8080, None, BY_TOKEN, None)


def test_the_environment_sets_the_rest() -> None:
    environ = {
        **REQUIRED,
        "JVSCHEDULER_LISTEN_HOST": "::1",
        "JVSCHEDULER_LISTEN_PORT": "9",
        "KUBECONFIG": "/config",
    }
    assert read_settings([], environ) == Settings(URL, "::1", 9, "/config", BY_TOKEN, None)


def test_the_api_server_calls_where_it_is_told() -> None:
    environ = {
        **REQUIRED,
        "JVSCHEDULER_LISTEN_HOST": "::1",
        "JVSCHEDULER_AGGREGATION_PORT": "8443",
        "JVSCHEDULER_AGGREGATION_CERTIFICATE": "/tls",
    }
    expected = ListenerSettings("::1", 8443, Path("/tls"))
    assert read_settings([], environ).aggregation == expected


def test_namespaces_are_named_with_commas_between() -> None:
    environ = {**REQUIRED, "JVSCHEDULER_WATCH_NAMESPACES": "shop,bakery"}
    assert read_settings([], environ).namespaces == ("shop", "bakery")


def test_options_win_over_the_environment() -> None:
    arguments = ["--database", "sqlite:///a.db", "--port", "1", "--host", "h", "--kubeconfig", "k"]
    environ = {**REQUIRED, "JVSCHEDULER_LISTEN_PORT": "9", "KUBECONFIG": "/config"}
    expected = Settings("sqlite:///a.db", "h", 1, "k", BY_TOKEN, None)
    assert read_settings(arguments, environ) == expected


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "set JVSCHEDULER_DATABASE_URL or --database"),
        ({**REQUIRED, "JVSCHEDULER_LISTEN_PORT": "http"}, "JVSCHEDULER_LISTEN_PORT or --port"),
        ({**REQUIRED, "JVSCHEDULER_LISTEN_PORT": "65536"}, "1 to 65535"),
        (
            {
                **REQUIRED,
                "JVSCHEDULER_AGGREGATION_PORT": "https",
                "JVSCHEDULER_AGGREGATION_CERTIFICATE": "/tls",
            },
            "the port 'https' .*AGGREGATION_PORT",
        ),
        ({**REQUIRED, "JVSCHEDULER_AGGREGATION_PORT": "8443"}, "must be set together"),
        ({**REQUIRED, "JVSCHEDULER_AGGREGATION_CERTIFICATE": "/tls"}, "must be set together"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_with_its_fix(
    environ: dict[str, str], message: str
) -> None:
    with pytest.raises(InvalidSettings, match=message):
        read_settings([], environ)


def test_a_database_of_an_unknown_kind_is_refused_before_anything_starts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert main(["--database", "mysql://host/jobs"]) == 78
    assert "the database URL's scheme 'mysql' is not supported" in caplog.text


def test_a_server_outside_any_cluster_is_refused_with_what_to_set(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert main(["--database", "sqlite:///a.db", "--kubeconfig", "/nowhere"]) == 78
    assert "set KUBECONFIG or --kubeconfig" in caplog.text


def test_the_level_of_the_log_is_an_option_too() -> None:
    environ = {"JVSCHEDULER_LOG_LEVEL": "debug"}
    assert read_log([], environ).level == "debug"
    assert read_log(["--log-level", "error"], environ).level == "error"
