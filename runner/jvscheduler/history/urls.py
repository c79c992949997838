"""The history's address: one URL, the same in the environment, on the command line, in charts."""

from pathlib import Path

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.backends.registry import EXAMPLES, entry_for
from jvscheduler.history.backends.url import DatabaseUrl


def parse_url(text: str) -> DatabaseUrl:
    """Raises InvalidSettings with the forms that are valid, and without the URL's password."""
    text = text.strip()  # a Secret made from a file often ends with a line end
    if not text.isprintable():
        raise InvalidSettings("the database URL has a line end or another control character inside")
    scheme, separator, _ = text.partition("://")
    entry = entry_for(scheme) if separator else None
    url = entry.parse(text) if entry else None
    if url is None:
        raise InvalidSettings(
            f"the database URL's scheme {scheme if separator else '(none)'!r} is not supported; "
            f"use {url_forms()}"
        )
    return url


def absolute_url(text: str) -> str:
    """The URL in the form that means the same in every process and working directory.

    A process calls this once, when it starts. A task or a module may change the directory later:
    a relative path would then lead to another file.
    """
    return parse_url(text).absolute


def check_folder(text: str) -> None:
    """Raises InvalidSettings when a SQLite file's folder does not exist: it may be mistyped."""
    url = parse_url(text)
    if url.path and not Path(url.path).parent.is_dir():
        folder = Path(url.path).absolute().parent
        raise InvalidSettings(f"{url.redacted}: there is no folder {folder}; make it first")


def url_forms() -> str:
    """The forms of a database URL, as a sentence lists them."""
    return ", ".join(EXAMPLES[:-1]) + f" or {EXAMPLES[-1]}"
