"""Which of several reports about an object is believed."""

from typing import Any

from jvscheduler_operator.cache.cache import Shelf, TaskShelf
from jvscheduler_operator.objects.manifests import Key, LoopKey
from tests.support.operator.objects import stored_task

KEY = Key("shop", "restock")


def at(version: int, name: str = "restock") -> dict[str, Any]:
    metadata = {"namespace": "shop", "name": name, "resourceVersion": str(version)}
    return {"metadata": metadata, "seen": version}


def seen(shelf: Shelf, key: Key = KEY) -> int | None:
    found = shelf.get(key)
    return found["seen"] if found else None


def test_an_older_report_does_not_cover_a_newer_one() -> None:
    shelf = Shelf()
    assert shelf.put(at(9))
    assert not shelf.put(at(8))
    assert seen(shelf) == 9
    assert shelf.put(at(10))
    assert seen(shelf) == 10


def test_versions_are_compared_as_numbers() -> None:
    shelf = Shelf()
    shelf.put(at(9))
    assert shelf.put(at(10))


def test_the_event_of_our_own_write_is_no_news() -> None:
    shelf = Shelf()
    shelf.put(at(9))
    assert not shelf.put(at(9))


def test_an_answer_that_a_deletion_overtook_brings_nothing_back() -> None:
    shelf = Shelf()
    shelf.put(at(5))
    assert shelf.remove(at(7))
    assert not shelf.put(at(6))
    assert seen(shelf) is None
    assert shelf.put(at(8))


def test_a_late_deletion_does_not_take_what_was_created_since() -> None:
    shelf = Shelf()
    shelf.put(at(8))
    assert not shelf.remove(at(7))
    assert seen(shelf) == 8


def test_a_forgotten_key_is_believed_anew() -> None:
    shelf = Shelf()
    shelf.put(at(8))
    shelf.forget(KEY)
    assert seen(shelf) is None
    assert shelf.put(at(3))


def test_a_list_takes_away_what_is_gone_and_names_what_changed() -> None:
    shelf = Shelf()
    for report in (at(1, "gone"), at(2, "same"), at(3, "newer"), at(12, "later")):
        shelf.put(report)
    changed = shelf.replace([at(2, "same"), at(9, "newer"), at(8, "added")], version=10)
    assert sorted(key.name for key in changed) == ["added", "gone", "newer"]
    assert seen(shelf, Key("shop", "gone")) is None
    assert seen(shelf, Key("shop", "newer")) == 9
    assert seen(shelf, Key("shop", "later")) == 12


def test_managed_fields_are_not_kept() -> None:
    shelf = Shelf()
    report = at(1)
    report["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    shelf.put(report)
    kept = shelf.get(KEY)
    assert kept is not None
    assert "managedFields" not in kept["metadata"]


def looped(version: int, loop: str | None = None, **spec: Any) -> dict[str, Any]:
    """A task, and the loop that serves it."""
    metadata = {"resourceVersion": str(version)}
    return {**stored_task(metadata=metadata, **spec), "status": {"loop": loop} if loop else {}}


def test_tasks_are_found_by_the_loop_that_they_want_and_that_they_have() -> None:
    shelf = TaskShelf()
    shelf.put(looped(1, "jvscheduler-loop-old", backend="Loop"))
    wanted, old = shelf.ties(KEY).wanted, LoopKey("shop", "jvscheduler-loop-old")
    assert wanted is not None
    assert shelf.wanting(wanted) == shelf.assigned(old) == (KEY,)
    assert shelf.wanting(old) == shelf.assigned(wanted) == ()
    shelf.put(looped(2, wanted.name, backend="Loop"))
    assert (shelf.assigned(wanted), shelf.assigned(old)) == ((KEY,), ())
    shelf.put(looped(3, wanted.name, backend="CronJob"))
    assert (shelf.wanting(wanted), shelf.assigned(wanted)) == ((), (KEY,))
    shelf.remove(looped(4))
    assert shelf.assigned(wanted) == ()


def test_a_refused_spec_wants_no_loop_and_keeps_its_own() -> None:
    shelf = TaskShelf()
    shelf.put(looped(1, "jvscheduler-loop-old", schedule="sometimes"))
    assert shelf.ties(KEY).loops == {LoopKey("shop", "jvscheduler-loop-old")}


def test_a_task_that_is_being_deleted_is_tied_to_no_loop() -> None:
    going = looped(1, "jvscheduler-loop-old", backend="Loop")
    going["metadata"]["deletionTimestamp"] = "2026-03-02T12:00:00Z"
    shelf = TaskShelf()
    shelf.put(going)
    assert shelf.ties(KEY).loops == frozenset()
