"""Of several reports about an object the newest is kept."""

from typing import Any

import pytest

from jvscheduler_operator.cache import references
from jvscheduler_operator.cache.index import ObjectIndex, TaskIndex
from jvscheduler_operator.objects.manifests import Key, LoopKey, key_of
from tests.support.operator.objects import stored_task

KEY = Key("shop", "restock")


def at(version: int, name: str = "restock") -> dict[str, Any]:
    metadata = {"namespace": "shop", "name": name, "resourceVersion": str(version)}
    return {"metadata": metadata, "seen": version}


def seen(index: ObjectIndex, key: Key = KEY) -> int | None:
    found = index.get(key)
    return found["seen"] if found else None


def test_an_older_report_does_not_replace_a_newer_one() -> None:
    index = ObjectIndex()
    assert index.put(at(9))
    assert not index.put(at(8))
    assert seen(index) == 9
    assert index.put(at(10))
    assert seen(index) == 10


def test_versions_are_compared_as_numbers() -> None:
    index = ObjectIndex()
    index.put(at(9))
    assert index.put(at(10))


def test_the_event_of_our_own_write_changes_nothing() -> None:
    index = ObjectIndex()
    index.put(at(9))
    assert not index.put(at(9))


def test_an_answer_that_a_deletion_overtook_brings_nothing_back() -> None:
    index = ObjectIndex()
    index.put(at(5))
    assert index.remove(at(7))
    assert not index.put(at(6))
    assert seen(index) is None
    assert index.put(at(8))


def test_a_late_deletion_does_not_remove_a_newer_object() -> None:
    index = ObjectIndex()
    index.put(at(8))
    assert not index.remove(at(7))
    assert seen(index) == 8


def test_after_a_key_was_forgotten_any_report_is_believed() -> None:
    index = ObjectIndex()
    index.put(at(8))
    index.forget(KEY)
    assert seen(index) is None
    assert index.put(at(3))


def test_a_list_removes_what_is_gone_and_returns_the_keys_that_changed() -> None:
    index = ObjectIndex()
    for report in (at(1, "gone"), at(2, "same"), at(3, "newer"), at(12, "later")):
        index.put(report)
    changed = index.replace([at(2, "same"), at(9, "newer"), at(8, "added")], version=10)
    assert sorted(key.name for key in changed) == ["added", "gone", "newer"]
    assert seen(index, Key("shop", "gone")) is None
    assert seen(index, Key("shop", "newer")) == 9
    assert seen(index, Key("shop", "later")) == 12


def test_managed_fields_are_not_kept() -> None:
    index = ObjectIndex()
    report = at(1)
    report["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    index.put(report)
    kept = index.get(KEY)
    assert kept is not None
    assert "managedFields" not in kept["metadata"]


def looped(version: int, loop: str | None = None, **spec: Any) -> dict[str, Any]:
    """A task whose status names this loop."""
    metadata = {"resourceVersion": str(version)}
    return {**stored_task(metadata=metadata, **spec), "status": {"loop": loop} if loop else {}}


def test_tasks_are_found_by_their_requested_and_their_assigned_loop() -> None:
    index = TaskIndex()
    index.put(looped(1, "jvscheduler-loop-old", backend="Loop"))
    wanted, old = index.references(KEY).requested, LoopKey("shop", "jvscheduler-loop-old")
    assert wanted is not None
    assert index.requesting(wanted) == index.assigned(old) == (KEY,)
    assert index.requesting(old) == index.assigned(wanted) == ()
    index.put(looped(2, wanted.name, backend="Loop"))
    assert (index.assigned(wanted), index.assigned(old)) == ((KEY,), ())
    index.put(looped(3, wanted.name, backend="CronJob"))
    assert (index.requesting(wanted), index.assigned(wanted)) == ((), (KEY,))
    index.remove(looped(4))
    assert index.assigned(wanted) == ()


def test_a_refused_spec_requests_no_loop_and_keeps_the_assigned_one() -> None:
    index = TaskIndex()
    index.put(looped(1, "jvscheduler-loop-old", schedule="sometimes"))
    assert index.references(KEY).loops == {LoopKey("shop", "jvscheduler-loop-old")}


def test_a_task_that_is_being_deleted_refers_to_no_loop() -> None:
    going = looped(1, "jvscheduler-loop-old", backend="Loop")
    going["metadata"]["deletionTimestamp"] = "2026-03-02T12:00:00Z"
    index = TaskIndex()
    index.put(going)
    assert index.references(KEY).loops == frozenset()


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"metadata": []},
        {"metadata": {"name": "x", "namespace": "shop"}},
        {"metadata": {**at(1)["metadata"], "resourceVersion": "1x"}},
        {"metadata": {**at(1)["metadata"], "labels": {"a": 1}}},
        {**at(1), "spec": []},
        {**at(1), "status": {"loop": ["a"]}},
        {**at(1), "metadata": {**at(1)["metadata"], "name": "a\nb"}},
    ],
    ids=str,
)
def test_an_object_that_the_cache_cannot_hold_is_set_aside_and_hides_no_other(bad: Any) -> None:
    index = TaskIndex()
    good = stored_task(name="good")
    assert index.replace([bad, good], 99) == [key_of(good)]
    assert list(index) == [key_of(good)]


def test_a_task_that_cannot_be_judged_hides_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(task: Any, _: object) -> Any:
        raise RuntimeError(f"a fault of {task['metadata']['name']}")

    monkeypatch.setattr(references, "accept", fails)
    index, tasks = TaskIndex(), [stored_task(name="a"), stored_task(name="b")]
    assert set(index.replace(tasks, 99)) == {key_of(task) for task in tasks}
    assert caplog.text.count("is set aside: RuntimeError('a fault of a')") == 1
