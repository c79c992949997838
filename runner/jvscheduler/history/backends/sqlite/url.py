"""URLs of SQLite: `sqlite:///relative.db` or `sqlite:////absolute.db`."""

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.backends.url import DatabaseUrl


def parse(text: str) -> DatabaseUrl:
    rest = text.partition("://")[2]
    path = rest.removeprefix("/")
    if not rest.startswith("/") or not path or path.startswith(":"):
        raise InvalidSettings(
            "a SQLite URL names a file, since several processes share it: "
            "sqlite:///relative.db or sqlite:////absolute.db"
        )
    file, sign, _ = path.partition("#" if "#" in path.partition("?")[0] else "?")
    if sign:
        raise InvalidSettings(f"a SQLite URL has no options: leave out what follows {file!r}")
    if path.endswith("/"):
        raise InvalidSettings(f"a SQLite URL names a file, and {path!r} is a folder")
    return DatabaseUrl("sqlite", text, path=path)
