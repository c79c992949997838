"""Python's logging writes our lines, also for libraries and for errors that nobody caught."""

import json
import subprocess
import sys
import textwrap
from typing import Any

import pytest

from jvscheduler import environment
from jvscheduler.errors import InvalidSettings
from jvscheduler.logs.lines import Form
from jvscheduler.logs.settings import read_log_settings

PREPARE = """
import logging, sys, threading, warnings
from jvscheduler.logs.settings import read_log_settings
from jvscheduler.logs.setup import log_end, log_lines
log_lines(read_log_settings(context={"namespace": "shop", "loop": None}))
"""


def run(code: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    settings = {environment.LOG_FORMAT: "json", **environ}
    return subprocess.run(
        [sys.executable, "-c", PREPARE + textwrap.dedent(code)],
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )


def events(code: str, **environ: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(code, **environ).stderr.splitlines()]


@pytest.mark.parametrize("name", ["uvicorn.error", "kopf.activities", "kubernetes.client", "x"])
def test_every_logger_goes_through_it(name: str) -> None:
    (event,) = events(f"logging.getLogger({name!r}).warning('a\\nb: %s', 'c')")
    assert event["logger"] == name
    assert (event["message"], event["level"]) == ("a\nb: c", "warning")
    assert event["namespace"] == "shop"
    assert "loop" not in event


def test_only_known_attributes_are_context() -> None:
    (event,) = events("logging.warning('x', extra={'task': 'restock', 'password': 'hunter22'})")
    assert event["task"] == "restock"
    assert "password" not in event


def test_an_error_has_its_traceback_in_the_same_line() -> None:
    (event,) = events(
        """
        try:
            1 / 0
        except ZeroDivisionError:
            logging.exception("it failed")
        """
    )
    assert (event["message"], event["level"]) == ("it failed", "error")
    assert event["traceback"].endswith("ZeroDivisionError: division by zero\n")


def test_arguments_that_do_not_fit_are_said() -> None:
    (event,) = events("logging.warning('%d left', 'none')")
    assert event["message"] == "%d left (its arguments cannot be shown: TypeError)"


def test_an_error_that_nobody_caught_is_an_event() -> None:
    done = run("raise ValueError('postgresql://u:hunter22@db/x')")
    (event,) = (json.loads(line) for line in done.stderr.splitlines())
    assert done.returncode == 1
    assert event["logger"] == "jvscheduler.uncaught"
    assert "postgresql://u:***@db/x" in event["traceback"]


def test_so_is_one_in_a_thread_and_a_warning() -> None:
    found = events(
        """
        def fail(): raise ValueError("in a thread")
        thread = threading.Thread(target=fail); thread.start(); thread.join()
        warnings.warn("old")
        """
    )
    assert [event["logger"] for event in found] == ["jvscheduler.uncaught", "py.warnings"]


def test_values_of_secret_variables_are_hidden() -> None:
    (event,) = events("logging.warning('login hunter22')", MAIL_PASSWORD="hunter22")  # noqa: S106
    assert event["message"] == "login ***"


def test_a_level_hides_what_is_below() -> None:
    code = "logging.info('a'); logging.warning('b'); logging.error('c')"
    assert [e["message"] for e in events(code, JVSCHEDULER_LOG_LEVEL="error")] == ["c"]


def test_text_is_the_default() -> None:
    done = run("logging.warning('a\\nb')", JVSCHEDULER_LOG_FORMAT="")
    assert done.stderr.endswith("WARNING root: a\\u000ab\n")


def test_an_application_that_logs_already_goes_on() -> None:
    code = "import logging; logging.basicConfig(format='mine %(message)s')"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}{PREPARE}logging.error('x')"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "mine x\n"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        (environment.LOG_FORMAT, "yaml", "json, text"),
        (environment.LOG_LEVEL, "loud", "debug, info, warning, error"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name(name: str, value: str, allowed: str) -> None:
    with pytest.raises(InvalidSettings, match=f"{name}.*{allowed}") as refused:
        read_log_settings({name: value})
    assert value in str(refused.value)


def test_the_level_may_be_written_in_any_case_and_an_option_wins() -> None:
    environ = {environment.LOG_LEVEL: "DEBUG", environment.LOG_FORMAT: "json"}
    settings = read_log_settings(environ)
    assert (settings.level, settings.lines.form) == ("debug", Form.JSON)
    assert read_log_settings(environ, level="error").level == "error"
