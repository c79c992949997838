"""Few errors, each ready to be shown to a user.

The message names the field or module, what is wrong and how to mend it, so
that callers print it as it is. Every error is permanent unless it derives from
`TemporaryError`: repeating a permanent one changes nothing.
"""


class SchedulerError(Exception):
    """Base of everything that jvscheduler raises on purpose."""


class TemporaryError(SchedulerError):
    """The same call may succeed later: a database or an API server is away."""


class InvalidSchedule(SchedulerError):
    """A schedule text that the grammar refuses."""


class InvalidTask(SchedulerError):
    """A decorated function or one of its options that cannot become a task."""


class InvalidSettings(SchedulerError):
    """An environment variable or a command-line value that cannot be used."""


class DiscoveryError(SchedulerError):
    """A module of tasks that cannot be imported or scanned."""


class HistoryUnavailable(TemporaryError):
    """The history database does not answer."""
