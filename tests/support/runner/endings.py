"""How each task in `tests.support.runner.tasks` ends, in a runner and in a worker alike."""

from dataclasses import dataclass

from jvscheduler.outcomes import Reason, Status


@dataclass(frozen=True)
class Case:
    """`error` and `output` must be contained; `result` must be equal."""

    task: str
    code: int
    status: Status
    reason: Reason | None = None
    error: str = ""
    result: object = None
    output: str = ""


COMPLETED = [
    Case("ends.returns", 0, Status.COMPLETED, result={"answer": 42}, output="work done"),
    Case("ends.returns_async", 0, Status.COMPLETED, result=1),
    Case("ends.Walks", 0, Status.COMPLETED, result=[{"entered": "n.Root.root"}]),
    Case("ends.exits_well", 0, Status.COMPLETED),
    Case("ends.closes_every_file", 0, Status.COMPLETED, result="closed"),
    Case("ends.forks_and_returns_twice", 0, Status.COMPLETED, result="parent"),
    Case(
        "ends.leaves_thread",
        0,
        Status.COMPLETED,
        result="left a thread",
        output="threads (sleeper) did not end in time: cut off",
    ),
]
RAISED = [
    Case("ends.raises", 1, Status.FAILED, Reason.TASK_RAISED, "ValueError: no stock"),
    Case("ends.raises_async", 1, Status.FAILED, Reason.TASK_RAISED, "KeyError: 7"),
    Case("ends.raises_base", 1, Status.FAILED, Reason.TASK_RAISED, "KeyboardInterrupt"),
    Case("ends.WalksIntoError", 1, Status.FAILED, Reason.TASK_RAISED, "no shelves"),
    Case("ends.exits_badly", 1, Status.FAILED, Reason.TASK_RAISED, "it went wrong"),
    Case("fails_to_import.task", 1, Status.FAILED, Reason.IMPORT_FAILED, "no such configuration"),
    Case("exits_on_import.task", 1, Status.FAILED, Reason.IMPORT_FAILED, "SystemExit: 0"),
]
CRASHED = [
    Case("ends.no_such", 1, Status.FAILED, Reason.TASK_NOT_FOUND, "has no 'no_such'"),
    Case("ends.exits_at_once", 1, Status.FAILED, Reason.CRASHED, "exited with code 3"),
    Case("ends.exits_at_once_with_zero", 1, Status.FAILED, Reason.CRASHED, "exited with code 0"),
    Case("ends.crashes", 1, Status.FAILED, Reason.CRASHED, "killed by SIGSEGV"),
]
