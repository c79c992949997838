"""What is set aside is counted, and named once, in one line."""

import logging

import pytest

from jvscheduler.edge import set_aside
from jvscheduler.edge.set_aside import SetAside

LOG = logging.getLogger("tests.edge").warning


def test_each_object_counts_once_and_forges_no_line(caplog: pytest.LogCaptureFixture) -> None:
    pods = SetAside("pods", LOG)
    for _ in range(3):
        pods.add("shop/a\nERROR b", "it is\x1b[31m red\u2028" + "x" * 10_000)
    assert pods.count == 1
    (record,) = caplog.records
    line = record.getMessage()
    assert line.startswith("pods: shop/a\\u000aERROR b is set aside: it is\\u001b[31m red\\u2028")
    assert len(line.splitlines()) == 1
    assert len(line) < 700


def test_its_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_aside, "MAX_NAMES", 2)
    pods = SetAside("pods", LOG)
    for name in ("a", "b", "c", "a"):
        pods.add(name, "bad")
    assert pods.count == 4
