"""The spool gives its entries back in order, also after a crash."""

from pathlib import Path

import pytest

from jvscheduler.due_instants.definition import revision_of
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.loop.recording.spool import Spool, SpoolEntry
from jvscheduler.outcomes import Reason, Status, Stretch
from tests.support.history.outcomes import begun, completed, failed
from tests.support.loop.parts import MINUTE, NOON, definition

STRETCH = Stretch(
    task_id="shop.tasks.restock",
    namespace="shop",
    name="restock",
    status=Status.MISSED,
    reason=Reason.LOOP_DOWN,
    message="no loop was running",
    first=NOON,
    last=NOON + MINUTE,
    count=2,
)
REVISION = revision_of(definition(), NOON)
ENTRIES: list[SpoolEntry] = [begun(), failed(begun()), STRETCH, REVISION, completed(begun())]


def meanings(entries: list[SpoolEntry]) -> list[object]:
    return [e.model_dump() if isinstance(e, ScheduleRevision) else e for e in entries]


def test_entries_come_back_in_order_in_another_process(tmp_path: Path) -> None:
    for entry in ENTRIES:
        assert Spool(tmp_path).keep(entry)
    assert meanings(list(Spool(tmp_path).replay())) == meanings(ENTRIES)


def test_an_entry_that_a_crash_cut_short_spoils_no_other(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    assert spool.keep(STRETCH)
    file = next(tmp_path.iterdir())
    file.write_bytes(file.read_bytes()[:-10])
    assert spool.keep(STRETCH)
    assert list(spool.replay()) == [STRETCH]


@pytest.mark.parametrize(
    "line", [b"[1]", b'{"gap":{}}', b'{"outcome":7}', b"\xff", b"[" * 5_000, b'{"revision":[]}']
)
def test_an_entry_that_a_disk_has_spoilt_is_named_and_keeps_no_other_back(
    tmp_path: Path, line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(tmp_path)
    assert spool.keep(STRETCH)
    file = next(tmp_path.iterdir())
    file.write_bytes(file.read_bytes() + b"\n" + line)
    assert spool.keep(begun())
    assert list(spool.replay()) == [STRETCH, begun()]
    assert caplog.text.count("spooled entries: ") == 1


def test_an_entry_that_comes_during_a_replay_waits_for_the_next_one(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    assert spool.keep(STRETCH)
    assert list(spool.replay()) == [STRETCH]
    assert spool.keep(begun())
    spool.remove_replayed()
    assert not spool.is_empty
    assert list(spool.replay()) == [begun()]
    spool.remove_replayed()
    assert spool.is_empty


def test_a_full_spool_refuses_entries_and_counts_them(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=400)
    assert spool.keep(STRETCH)
    assert not spool.keep(STRETCH)
    assert spool.refused == 1
