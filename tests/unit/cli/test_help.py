"""The text of `--help` for each command."""

import pytest

from jvscheduler import cli
from jvscheduler.cli.arguments import sentence


def test_a_sentence_keeps_the_capitals_of_names() -> None:
    assert sentence("print the ScheduledTask manifests") == "Print the ScheduledTask manifests."


def test_the_help_of_a_command_has_its_summary(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    for command, text in {
        "build": "Print the ScheduledTask manifests",
        "dev": "with the API.",
        "history prune": "Delete old jobs",
    }.items():
        with pytest.raises(SystemExit):
            cli.main([*command.split(), "--help"])
        shown = b" ".join(capsysbinary.readouterr().out.split()).decode()
        assert text in shown, command
