"""A database URL, parsed."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from jvscheduler.errors import InvalidSettings

_ESCAPES: Final = "@ is %40, : is %3A, / is %2F, ? is %3F, # is %23, [ is %5B, % is %25"
_LARGEST_PORT: Final = 65535


@dataclass(frozen=True)
class DatabaseUrl:
    backend: str
    """The backend's name in the registry."""
    text: str
    """The URL as the driver reads it."""
    path: str = ""
    """The file, when the database is one: absolute, or relative to the working directory."""
    database: str = ""
    """The database's name on its server, when the driver wants it apart from the URL."""
    holds_namespaces: bool = False
    """True for the server's address: each namespace has tables of its own in the database."""

    @property
    def absolute(self) -> str:
        """The URL with an absolute path. It means the same when the working directory changes."""
        if not self.path:
            return self.text
        return self.text.removesuffix(self.path) + str(Path(self.path).absolute())

    @property
    def identity(self) -> str:
        """Equal for two URLs of one database: `a.db` and `./a.db` are one file."""
        return str(Path(self.path).resolve()) if self.path else self.text

    def is_database_of(self, other: "DatabaseUrl") -> bool:
        """True for two URLs of one database. Options say only how MongoDB is reached."""
        if self.database and other.database:
            return self.text.partition("?")[0] == other.text.partition("?")[0]
        return self.identity == other.identity

    @property
    def redacted(self) -> str:
        """The URL for messages: without user, password and options."""
        if self.path:
            return self.text
        parts = urlsplit(self.text)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{parts.path}"


def split_server_url(text: str) -> SplitResult:
    """The parts of a URL that names servers. Raises InvalidSettings.

    No message has a part of the URL: where a URL cannot be split, any part may be the password.
    A driver would look up the rest of the password as a host, and show it.
    """
    try:
        parts = urlsplit(text)
    except ValueError:
        raise unescaped() from None
    user, at, hosts = parts.netloc.rpartition("@")
    beyond = f"{parts.path}?{parts.query}" if not at else parts.path
    if "@" in user or "@" in beyond or "#" in text:
        raise unescaped()
    for host in hosts.split(",") if hosts else ():
        _check_host(host, has_user=bool(at))
    return parts


def _check_host(host: str, *, has_user: bool) -> None:
    match = re.fullmatch(r"(?:\[[^\]]*\]|[^:\[\]]*)(?::(.*))?", host)
    port = match[1] if match else ""
    if match and (not port or (port.isascii() and port.isdigit() and int(port) <= _LARGEST_PORT)):
        return
    hint = "" if has_user else f"; escape special characters of user and password ({_ESCAPES})"
    raise InvalidSettings(f"the database URL's port is no number up to {_LARGEST_PORT}{hint}")


def unescaped() -> InvalidSettings:
    """The error of a URL whose user or password has a special character that is not escaped."""
    return InvalidSettings(
        "the database URL cannot be split: a special character of the user's name or of the "
        f"password is not escaped ({_ESCAPES})"
    )
