"""The secrets file: its two kinds of tables, and no value in a message."""

from pathlib import Path

import pytest

from jvscheduler.environment import SECRETS_FILE
from jvscheduler.errors import InvalidSettings
from jvscheduler.loop.pod_values import PodValues, pod_values

TEXT = """
[secrets.mailer]
SMTP_PASSWORD = "hunter2"

[config_maps."shop.v2"]
CURRENCY = "EUR"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "dev.toml").write_text(TEXT)
    return tmp_path / "dev.toml"


def test_the_option_wins_over_the_environment(file: Path) -> None:
    expected = PodValues({"mailer": {"SMTP_PASSWORD": "hunter2"}}, {"shop.v2": {"CURRENCY": "EUR"}})
    assert pod_values(str(file), {SECRETS_FILE: "nowhere"}) == expected
    assert pod_values(None, {SECRETS_FILE: str(file)}) == expected
    assert pod_values(None, {}) == pod_values(None, {SECRETS_FILE: ""}) == PodValues()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[secrets", "is no TOML"),
        ("[mailer]\nPASSWORD = 'hunter2'", "has mailer: expected tables such as [secrets.mailer]"),
        ("secrets = 'hunter2'", "has secrets: expected tables"),
        ("[secrets]\nPASSWORD = 'hunter2'", "secrets.PASSWORD must be a table, [secrets.PASSWORD]"),
        ("[secrets.a]\nPORT = 25", "secrets.a.PORT must be a variable with a text in quotes"),
        ("[secrets.a]\n'A=B' = 'hunter2'", "secrets.a.A=B must be a variable"),
        ('[secrets.a]\nA = "hunter2\\u0000"', "secrets.a.A must be a variable"),
    ],
)
def test_a_file_that_is_refused(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(InvalidSettings) as refused:
        pod_values(str(file), {})
    assert f"--secrets-file {file}" in str(refused.value)
    assert message in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=f"{SECRETS_FILE} {tmp_path}/x: No such file"):
        pod_values(None, {SECRETS_FILE: f"{tmp_path}/x"})
