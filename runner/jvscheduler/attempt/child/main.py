"""The child's main function: from the fork to the end of the process.

It never returns. At its end the process does what Python does (`ending`), and leaves with
`os._exit`.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from signal import pthread_sigmask
from signal import signal as handle
from typing import Any, Final, NoReturn

from jvscheduler import environment, kernel
from jvscheduler.attempt.child.alarm import Alarm
from jvscheduler.attempt.child.calls import (
    ArgsNotTaken,
    Call,
    Callee,
    TaskNotFound,
    bind,
    load,
    prepare_call,
)
from jvscheduler.attempt.child.default_database import DefaultDatabase
from jvscheduler.attempt.child.ending import Ending, flush_output
from jvscheduler.attempt.descendants import end_own
from jvscheduler.attempt.gate import Gate
from jvscheduler.attempt.log import say
from jvscheduler.attempt.named_errors import is_named
from jvscheduler.attempt.report import NotStorable, Report, SharedReport, encode, storable
from jvscheduler.attempt.tracebacks import error_message, trace
from jvscheduler.outcomes import Reason
from jvscheduler.redaction import FORMS_ONLY

_STOPS: Final = (SystemExit, KeyboardInterrupt)
"""The exceptions that the handlers of SIGTERM and SIGINT raise. `_load` and `_run` catch those of
the user's code. So any other comes from a signal before the task began. It is no error of ours."""


def run_task(
    callee: Callee,
    database_url: str | None,
    shared: SharedReport,
    gate: Gate,
    before_import: Callable[[], None] = lambda: None,
) -> NoReturn:
    """`before_import` stands for imports that were made before the fork."""
    pid, alarm = os.getpid(), Alarm(shared.is_time_over)
    ending = Ending(alarm)
    call: Call | Report | None = None
    try:
        _set_up_process(alarm)
        call = _load(callee, database_url, alarm, before_import)
        report = _run_when_due(call, alarm, shared, gate, callee.no_retry_on)
        code = _exit_code(report)
    except _STOPS as stop:
        report, code = None, _code_of_stop(stop)
    alarm.is_ending = True
    _leave_if_forked(pid)
    # Before the end of the run, which may be cut off: the outcome of the task is known.
    if report is not None:
        shared.write(report)
    ending.run(call.take_end() if isinstance(call, Call) else None)
    end_own()
    os._exit(code)


def run_trial(work: Callable[[], Report], shared: SharedReport) -> NoReturn:
    """Do the work in a child of no attempt. Hooks that it registers at exit never run."""
    pid, alarm = os.getpid(), Alarm(shared.is_time_over)
    try:
        _set_up_process(alarm)
        report = work()
    except _STOPS as stop:
        end_own()
        os._exit(_code_of_stop(stop))
    alarm.is_ending = True
    _leave_if_forked(pid)
    shared.write(report)
    flush_output()
    end_own()
    os._exit(_exit_code(report))


def _leave_if_forked(pid: int) -> None:
    # A task that calls `os.fork` and returns comes here twice. Only the process that the parent
    # has forked may write the report.
    if os.getpid() != pid:
        os._exit(0)


def _exit_code(report: Report) -> int:
    return 0 if report.completed else 1


def _code_of_stop(stop: BaseException) -> int:
    """Return the exit code that shells have for the signal."""
    return 128 + (signal.SIGINT if isinstance(stop, KeyboardInterrupt) else signal.SIGTERM)


def _set_up_process(alarm: Alarm) -> None:
    os.setpgid(0, 0)
    kernel.die_with_parent()
    kernel.prefer_for_oom_kill()
    handle(signal.SIGTERM, alarm.on_signal)
    handle(signal.SIGINT, signal.default_int_handler)
    # The parent blocked both signals before the fork; from here on their handlers are in place.
    pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(line_buffering=True)


def _run_when_due(
    call: Call | Report,
    alarm: Alarm,
    shared: SharedReport,
    gate: Gate,
    no_retry_on: Sequence[str],
) -> Report:
    """Do everything that can be done early, wait until the gate opens, then call the task.

    Raises SystemExit when a stop came first: the task must not run.
    """
    _warm_up(shared)
    shared.mark_loaded()
    if not _is_stopped(alarm, shared):
        gate.wait()
    if isinstance(call, Report):
        return call
    # A module may catch the SystemExit of a stop and go on with its import.
    if _is_stopped(alarm, shared):
        raise SystemExit
    shared.mark_started(time.time(), time.monotonic())
    return _run(call, alarm, no_retry_on)


def _is_stopped(alarm: Alarm, shared: SharedReport) -> bool:
    return alarm.told_at is not None or shared.is_time_over()


def _load(
    callee: Callee,
    database_url: str | None,
    alarm: Alarm,
    before_import: Callable[[], None],
) -> Call | Report:
    """Return the call to make, or the report of why there is none."""
    try:
        if database_url:
            # The task's own code reads it too, after its module may have changed the directory.
            os.environ[environment.DATABASE_URL] = database_url
        before_import()
        target = bind(load(callee.entrypoint), callee.args)
        close = DefaultDatabase(database_url).close if database_url else _do_nothing
        return prepare_call(target, close, alarm)
    except TaskNotFound as error:
        return Report(time.monotonic(), Reason.TASK_NOT_FOUND, str(error))
    except ArgsNotTaken as error:
        return Report(time.monotonic(), Reason.INVALID_ARGS, str(error))
    except BaseException as error:  # noqa: BLE001 - a module may raise SystemExit too
        return failure_report(Reason.IMPORT_FAILED, error, callee.no_retry_on)


def _warm_up(shared: SharedReport) -> None:
    """Do once, for nothing, what is done around every task.

    After a fork, the kernel copies a page of memory when it is first written. These copies would
    otherwise be made at the moment when the task is due.
    """
    shared.mark_started(0.0, 0.0)
    alarm = Alarm(shared.is_time_over)
    encode(_run(prepare_call(lambda: None, _do_nothing, alarm), alarm), FORMS_ONLY)


def _run(call: Callable[[], Any], alarm: Alarm, no_retry_on: Sequence[str] = ()) -> Report:
    try:
        try:
            result = call()
        finally:
            # Its result or its error is the outcome, and a stop raises nothing any more.
            alarm.is_ending = True
    except SystemExit as error:
        # The code may be any object, and its comparison may raise: only an int is compared.
        if error.code is None or (isinstance(error.code, int) and error.code == 0):
            return Report(time.monotonic())
        return failure_report(Reason.TASK_RAISED, error, no_retry_on)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is recorded
        return failure_report(Reason.TASK_RAISED, error, no_retry_on)
    return _completed(time.monotonic(), result)


def _completed(finished_at: float, result: Any) -> Report:
    try:
        return Report(finished_at, result=storable(result))
    except NotStorable as error:
        text = f"the task's result is not recorded: {error}"
        with contextlib.suppress(OSError, ValueError, AttributeError):  # the task closed stderr
            say(text)
        return Report(finished_at, error_message=text)


def _do_nothing() -> None:
    """Close no database: this task has none."""


def failure_report(reason: Reason, error: BaseException, no_retry_on: Sequence[str] = ()) -> Report:
    now, is_last = time.monotonic(), is_named(error, no_retry_on)
    return Report(now, reason, error_message(error), trace(error), is_last=is_last)
