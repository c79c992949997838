"""What may be decorated besides a function of a module, and what is refused."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jvspatial.core import Walker

from jvscheduler import on_schedule, parse_schedule
from jvscheduler.decorators import decorated, tasks_of, unnamed_in
from jvscheduler.errors import InvalidTask

MODULE = __name__


def plain(amount: int = 2, *rest: int, key: str = "") -> int:
    """Adds up."""
    return amount + sum(rest) + len(key)


async def asynchronous() -> str:
    return "done"


class Visits(Walker):
    depth: int = 3


class VisitsSomewhere(Walker):
    target: str


class NotAWalker:
    class Inner:
        @staticmethod
        def run() -> None:
            pass

    @classmethod
    def of_class(cls) -> None:
        pass

    def method(self) -> None:
        pass


def generator() -> Iterator[int]:
    yield 1


async def asynchronous_generator() -> Any:
    yield 1


def demanding(account: str, *, currency: str) -> str:
    return account + currency


def größe() -> None:  # noqa: PLC2401
    pass


def fresh() -> Callable[[], None]:
    """A function of this module that no test has decorated."""

    def function() -> None:
        pass

    function.__qualname__ = function.__name__ = "fresh"
    return function


def nested() -> Callable[[], None]:
    def inside() -> None:
        pass

    return inside


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (lambda: None, "is a lambda: write it as a function with a name"),
        (nested(), "is defined inside a function"),
        (NotAWalker.method, "belongs to the objects of a class.*make it a @staticmethod"),
        (NotAWalker.Inner.run, "belongs to a class that has no place for a task"),
        (vars(NotAWalker)["of_class"], "a function or a Walker class"),
        (functools.partial(generator), "generator is a generator"),
        (functools.partial(NotAWalker), "not a jvspatial Walker"),
        (
            functools.partial(Visits, 4),  # type: ignore[call-arg,arg-type]
            "has values without a name",
        ),
        (
            functools.partial(asynchronous, 1),  # type: ignore[call-arg]
            "can never be called: too many positional arguments",
        ),
        (functools.partial(demanding, "a"), "requires the arguments currency"),
        (NotAWalker, "not a jvspatial Walker"),
        (Walker, "not a jvspatial Walker"),
        (VisitsSomewhere, "requires the fields target"),
        (NotAWalker().method, "a function or a Walker class"),
        (functools.lru_cache(nested()), "a function or a Walker class"),
        (len, "a function or a Walker class"),
        (None, "a function or a Walker class"),
        (generator, "is a generator"),
        (asynchronous_generator, "is a generator"),
        (demanding, "requires the arguments account, currency"),
        (größe, "cannot be a task_id"),
    ],
)
def test_a_target_that_cannot_run_on_a_schedule_is_refused(target: Any, message: str) -> None:
    with pytest.raises(InvalidTask, match=message):
        on_schedule("daily")(target)


def test_a_function_may_have_a_schedule_for_each_of_its_ids() -> None:
    function = on_schedule("daily", task_id="a")(on_schedule("H * * * *", task_id="b")(fresh()))
    later, earlier = reversed(tasks_of(function))
    assert (earlier.task_id, later.task_id) == ("b", "a")
    assert earlier.entrypoint == later.entrypoint == f"{MODULE}:fresh"
    assert earlier.schedule == parse_schedule("H * * * *", seed="b")


@pytest.mark.parametrize("task_id", [None, "mine"])
def test_two_schedules_of_one_function_need_two_ids(task_id: str | None) -> None:
    function = on_schedule("daily", task_id=task_id)(fresh())
    with pytest.raises(
        InvalidTask, match=r"has on_schedule twice .*give each a task_id of its own"
    ):
        on_schedule("hourly", task_id=task_id)(function)


class Jobs:
    @staticmethod
    @on_schedule("daily")
    def inside() -> str:
        return "inside"

    @on_schedule("daily", args={"days": 2})
    @staticmethod
    def outside(days: int) -> int:
        return days


@pytest.mark.parametrize(("name", "result"), [("inside", "inside"), ("outside", 3)])
def test_a_static_method_is_a_task(name: str, result: object) -> None:
    method = getattr(Jobs, name)
    (task,) = tasks_of(method)
    assert (task.task_id, task.entrypoint) == (f"{MODULE}.Jobs.{name}", f"{MODULE}:Jobs.{name}")
    assert tasks_of(vars(Jobs)[name]) == (task,)
    assert (method() if name == "inside" else method(3)) == result


weekly = on_schedule("weekly", args={"amount": 4})(functools.partial(plain, key="key"))
hourly = on_schedule("H * * * *", task_id="one")(
    on_schedule("hourly", task_id="two")(functools.partial(asynchronous))
)


def test_a_partial_has_the_name_that_its_module_gives_it() -> None:
    (task,) = tasks_of(weekly)
    assert (task.task_id, task.entrypoint) == (f"{MODULE}.weekly", f"{MODULE}:weekly")
    assert task in decorated()
    assert weekly() == 2 + len("key")


def test_a_partial_may_have_several_tasks() -> None:
    assert {task.task_id for task in tasks_of(hourly)} == {"one", "two"}
    assert {task.entrypoint for task in tasks_of(hourly)} == {f"{MODULE}:hourly"}
    assert tasks_of(hourly)[1].schedule == parse_schedule("H * * * *", seed="one")


def test_what_a_partial_has_bound_is_no_argument() -> None:
    with pytest.raises(InvalidTask, match=r"has no key among its arguments; it has amount"):
        on_schedule("daily", args={"key": "other"})(functools.partial(plain, key="key"))
    with pytest.raises(InvalidTask, match=r"has no amount among its arguments; it has key"):
        on_schedule("daily", args={"amount": 1})(functools.partial(plain, 5))


def test_a_partial_without_a_name_is_no_task_yet() -> None:
    unnamed = on_schedule("daily")(functools.partial(plain))
    assert tasks_of(unnamed) == ()
    assert unnamed in unnamed_in(MODULE)
