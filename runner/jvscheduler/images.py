"""Why an image cannot run tasks, as Kubernetes and Python say it. Pure.

The image is a user's own: any that has Python 3.11 or newer and `jvscheduler[runner]`. The
operator starts the runner and the worker in it by a command of its own, `command`. When that
fails, no code of ours has run. Only the container's message tells why.
"""

import re
from typing import Final

PYTHON: Final = "python3"
"""Found on the image's PATH. A virtual environment, Debian and distroless images all have this
name; `python` is missing in the last two."""

NEEDED: Final = "the image needs Python 3.11 or newer with 'jvscheduler[runner]' installed"

TOO_OLD: Final = "jvscheduler needs Python 3.11 or newer"
"""The first words of the package's own error under an older Python."""

INCOMPLETE: Final = "jvscheduler is installed without its runner"
"""The first words of the runner's and the worker's error without the packages of the extra."""

_NO_PROGRAM: Final = re.compile(
    r'exec: "(?P<runc>[^"]+)": (?:executable file not found|stat [^:]+: no such file)'
    r"|executable file [`'](?P<crun>[^`']+)[`'](?: not found|: No such file)"
)
_NO_PACKAGE: Final = re.compile(r"No module named '?jvscheduler\b")
_SAID: Final = re.compile(rf"(?:{re.escape(TOO_OLD)}|{INCOMPLETE})[^)\n]*")


def command(module: str) -> list[str]:
    """The command of a container that runs this module of ours."""
    # Unbuffered: what a task prints must be in the log when it is killed, also in an image
    # that does not set PYTHONUNBUFFERED.
    return [PYTHON, "-u", "-m", module]


def fault(message: str | None) -> str | None:
    """Why the image cannot run tasks, from its container's message. None: not the image's fault.

    The message is Kubernetes' own, or the end of the container's log.
    """
    text = message or ""
    program = _NO_PROGRAM.search(text)
    if program is not None:
        return f'no program "{program["runc"] or program["crun"]}" in the image: {NEEDED}'
    if _NO_PACKAGE.search(text):
        return f"jvscheduler is not installed for the image's {PYTHON}: {NEEDED}"
    said = _SAID.search(text)
    return said.group().strip() if said is not None else None
