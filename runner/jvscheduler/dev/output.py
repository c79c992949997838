"""Shows what tasks print: each line after its attempt's "started", and with the job's name.

The lines and the attempts' starts reach `dev` on two ways. A module may also print while it is
imported, which happens before its job is due. So lines wait here until their attempt has started.
"""

from collections import OrderedDict
from typing import Final

from jvscheduler.loop.log import Event, job_label, say
from jvscheduler.outcomes import Outcome, Status

_MOST_ATTEMPTS: Final = 1000
"""How many attempts are remembered at most. An attempt may never start: another process may have
its job."""
_MOST_LINES: Final = 1000
"""Lines of one attempt that wait."""


class Output:
    def __init__(self) -> None:
        self._labels: OrderedDict[str, str] = OrderedDict()
        """By the ids of the attempts that have started. Those that have ended stay a while."""
        self._waiting: OrderedDict[str, list[tuple[str, str]]] = OrderedDict()

    def show(self, owner: str, line: str) -> None:
        """`owner` is the task's id and the attempt's, as the worker writes them."""
        task_id, _, attempt_id = owner.partition(" ")
        if attempt_id in self._labels:
            _say(self._labels[attempt_id], line)
            return
        lines = self._waiting.setdefault(attempt_id, [])
        lines.append((task_id, line))
        if len(lines) > _MOST_LINES or len(self._waiting) > _MOST_ATTEMPTS:
            self._show_waiting(next(iter(self._waiting)))

    def on_attempt(self, outcome: Outcome) -> None:
        """Take an attempt's start, or its end: one that is skipped never starts."""
        label = job_label(outcome.task_id, outcome.scheduled_time)
        self._labels[outcome.attempt_id] = label
        if len(self._labels) > _MOST_ATTEMPTS:
            self._labels.popitem(last=False)
        # A job that is skipped did not run: what its module printed is of no use.
        if outcome.status is Status.SKIPPED:
            self._waiting.pop(outcome.attempt_id, None)
        self._show_waiting(outcome.attempt_id)

    def show_rest(self) -> None:
        """Show the lines of attempts that have not started. Call it at the end."""
        for attempt_id in list(self._waiting):
            self._show_waiting(attempt_id)

    def _show_waiting(self, attempt_id: str) -> None:
        for task_id, line in self._waiting.pop(attempt_id, ()):
            _say(self._labels.get(attempt_id, task_id), line)


def _say(label: str, line: str) -> None:
    say(f"{label} | {line}", Event.OUTPUT)
