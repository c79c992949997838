"""The errors that jvscheduler raises. Callers print their messages to the user as they are.

A message names the field or the module, the mistake and the fix. An error that
derives from `TemporaryError` may disappear when the call is repeated. Any other
error is permanent: the same call fails again.
"""


class SchedulerError(Exception):
    """The base class of every error that jvscheduler raises itself."""


class TemporaryError(SchedulerError):
    """The same call may succeed later, for example when a database or API server is back."""


class InvalidInput(SchedulerError, ValueError):
    """The caller passed something wrong.

    It is a ValueError too: a pydantic validator turns only that into a validation error.
    """


class InvalidSchedule(InvalidInput):
    """A schedule or a time zone that is not valid."""


class InvalidTask(InvalidInput):
    """A function that cannot be a task, or an option that is not valid."""


class InvalidArgs(InvalidTask):
    """Values of `args` that the task's function does not take, or that are no JSON."""


class InvalidSettings(InvalidInput):
    """An environment variable or a command-line option that is not valid."""


class DiscoveryError(InvalidInput):
    """A module that cannot be imported, or whose tasks cannot be found."""


class UnsupportedPlatform(SchedulerError, ImportError):
    """Raised on Windows, and wherever else there is neither Linux nor macOS."""

    def __init__(self, platform: str) -> None:
        fix = (
            "on Windows, install and run it in WSL (https://learn.microsoft.com/windows/wsl)"
            if platform in ("win32", "cygwin")
            else f"this is {platform}"
        )
        super().__init__(f"jvscheduler runs on Linux and macOS: {fix}")


class TaskTimeout(SchedulerError, TimeoutError):
    """Raised once in a task's own code when its `timeout_seconds` are over: 5 s are left."""


class HistoryUnavailable(TemporaryError):
    """The history database does not answer."""


class NamespaceNotReady(SchedulerError):
    """The history has no tables for a namespace, and has had none for minutes.

    It serves every other one, so who writes goes on with the others.
    """
