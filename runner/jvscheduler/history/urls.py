"""The history's address: one URL, the same in the environment, on the command line, in charts."""

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.backends.registry import EXAMPLES, entry_for
from jvscheduler.history.backends.url import DatabaseUrl


def parse_url(text: str) -> DatabaseUrl:
    """Raises InvalidSettings with the forms that are valid, and without the URL's password."""
    scheme, separator, _ = text.partition("://")
    entry = entry_for(scheme) if separator else None
    url = entry.parse(text) if entry else None
    if url is None:
        raise InvalidSettings(
            f"the database URL's scheme {scheme if separator else '(none)'!r} is not supported; "
            f"use {url_forms()}"
        )
    return url


def url_forms() -> str:
    """The forms of a database URL, as a sentence lists them."""
    return ", ".join(EXAMPLES[:-1]) + f" or {EXAMPLES[-1]}"
