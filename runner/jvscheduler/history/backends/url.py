"""A database URL, parsed."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


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

    @property
    def identity(self) -> str:
        """Equal for two URLs of one database: `a.db` and `./a.db` are one file."""
        return str(Path(self.path).resolve()) if self.path else self.text

    @property
    def redacted(self) -> str:
        """The URL for messages: without user, password and options."""
        if self.path:
            return self.text
        parts = urlsplit(self.text)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{parts.path}"
