"""The claims that a loop remembers on its disk, also when it is killed at any byte."""

from pathlib import Path

import pytest

from jvscheduler.loop.worker_link import claim_memory
from jvscheduler.loop.worker_link.claim_memory import ClaimMemory
from jvscheduler.outcomes import to_json
from tests.support.history.outcomes import begun, of_job

CLAIM = to_json(begun())


def test_the_next_loop_knows_what_was_let_go_and_not_ended(tmp_path: Path) -> None:
    memory = ClaimMemory(tmp_path)
    memory.add("a", CLAIM)
    memory.add("b", to_json(of_job(1)))
    memory.remove("a")
    after = ClaimMemory(tmp_path)
    assert (after.get("a"), after.get("b"), after.get("c")) == (None, of_job(1), None)
    after.keep_only({"c"})
    assert ClaimMemory(tmp_path).get("b") is None


def test_nothing_is_left_on_the_disk_when_every_attempt_has_ended(tmp_path: Path) -> None:
    memory = ClaimMemory(tmp_path)
    memory.add("a", CLAIM)
    memory.remove("a")
    assert list(tmp_path.iterdir()) == []
    assert (memory.was_removed("a"), memory.was_removed("b")) == (True, False)


def test_a_loop_that_is_killed_while_it_writes_loses_that_line_alone(tmp_path: Path) -> None:
    memory = ClaimMemory(tmp_path)
    memory.add("a", CLAIM)
    memory.add("b", CLAIM)
    file = tmp_path / "claims.jsonl"
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        cut = ClaimMemory(tmp_path)
        assert cut.get("a") in (None, begun())
        cut.add("c", CLAIM)
        assert ClaimMemory(tmp_path).get("c") == begun()


def test_its_file_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim_memory, "_SPARE_LINES", 10)
    memory = ClaimMemory(tmp_path)
    memory.add("long", CLAIM)
    for number in range(200):
        memory.add(str(number), CLAIM)
        memory.remove(str(number))
    assert (tmp_path / "claims.jsonl").stat().st_size < 20 * 600
    assert ClaimMemory(tmp_path).get("long") == begun()


def test_a_disk_that_takes_nothing_stops_no_attempt(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory = ClaimMemory(tmp_path / "missing")
    memory.add("a", CLAIM)
    memory.add("b", CLAIM)
    assert memory.get("a") == begun()
    assert caplog.text.count("claims cannot be remembered") == 1


def test_a_claim_on_the_disk_that_cannot_be_read_is_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lines = [b'{"attempt":"a","claim":{"job_id":7}}', b"[" * 5000, b"7", b'{"attempt":"b"}']
    (tmp_path / "claims.jsonl").write_bytes(b"\n".join(lines))
    memory = ClaimMemory(tmp_path)
    assert [memory.get("a"), memory.get("a"), memory.get("b")] == [None] * 3
    assert caplog.text.count("is set aside") == 1
