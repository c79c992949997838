"""Takes secrets out of texts before they are logged, recorded or answered.

Two kinds are found: the values of a process's secret variables, and what has the form of a
secret: the password of a URL, a header that proves who somebody is.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final
from urllib.parse import quote, unquote

from jvscheduler import environment
from jvscheduler.outcomes import clean, clip, clip_start

HIDDEN: Final = "***"
SECRET_NAMES: Final = (
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "TOKEN",
    "CREDENTIAL",
    "API_KEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
)
"""Variables with such a part in their names are secret, wherever their values come from."""
_NO_SECRET_ENDS: Final = ("_FILE", "_PATH", "_DIR", "_NAME", "_URL", "_SECONDS", "_TTL")
"""Such a variable says where a secret is, or how long it holds."""
PLAIN_NAMES: Final = (
    *("PATH", "HOME", "HOSTNAME", "PWD", "SHLVL", "TERM", "TZ", "LANG", "LC_*", "USER", "GPG_KEY"),
    *("PYTHON*", "KUBERNETES_*", "JVSCHEDULER_*", "*_SERVICE_HOST", "*_SERVICE_PORT*"),
)
"""Variables that are there in every container. A pattern that is listed does not mean them."""

MIN_LENGTH: Final = 6
"""Shorter values stay: they would be found in half of all words."""
COMMON: Final = frozenset(
    (
        *("admin123", "changeme", "database", "default", "development", "disabled", "enabled"),
        *("example", "false", "jvscheduler", "localhost", "password", "postgres", "postgresql"),
        *("production", "public", "secret", "staging", "username"),
    )
)
"""Values that stay: as words of our own messages they tell nothing."""
_MIN_LINE: Final = 16
"""A value of several lines, such as a private key, is found by its lines of this length."""
_LONGEST_PIECE: Final = 1024
_MOST_PIECES: Final = 4096
"""A process's environment has room for more. Each piece costs time with each text."""
_SLACK: Final = 2048
"""Characters at a cut that are dropped: the rest of a header may stand there without its name."""

# Hostile texts take no longer than others: what repeats is bounded, or never tried again (`++`).
_SAYS: Final = r"""["']?[ \t]{0,3}[:=][ \t]{0,3}(?:b?["'])?"""
_QUOTED: Final = r"""["']\s{0,3}[,:]\s{0,3}b?(["'])"""
"""Between a header's name and its value in a dictionary, a pair or a list."""
_REST: Final = r"(?:\\.|(?!\2)[^\\\r\n])++"
"""The rest of a text that began with the second group's quote."""
_SCHEME: Final = r"(?:[a-z][\w-]{0,20} {1,3})?"
_AUTHORIZATION: Final = r"\b(?:proxy-)?authorization"
_KEY: Final = r"\b(?:x-api-key|x-auth-token)"
_COOKIE: Final = r"\b(?:set-)?cookie"
_PART: Final = r"""[\w-]{1,40}=(?:\\?"[^"\r\n]{0,1024}"|[^\s"',]++)"""
"""A part of a header, such as `response="…"`."""
_URL: Final = re.compile(
    r"""(\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/?#@'"<>\[]{0,256}:)"""
    r"""([^\s/?#'"<>]{1,1024}(?=@)|(?!\d{0,5}[/?#])[^\s@'"<>]{1,256}+(?=@))"""
)
"""The password of a URL. One that nobody has escaped may have an `@`, or a `/` if no port is
before it."""
_QUERY: Final = r"\w{0,30}(?:password|passwd|token|secret|signature)|api_?key"
_FORMS: Final = (
    _URL,
    re.compile(rf"""(?i)([?&](?:{_QUERY})=)[^\s&#'"<>]+"""),
    # As PostgreSQL's library has it. `?` and `&` are before a parameter of a URL.
    re.compile(
        r"""(?i)((?<![?&])\b\w{0,30}(?:password|passwd)[ \t]{0,3}=(?!=)[ \t]{0,3})"""
        r"""(?:\\?'(?:\\.|[^'\\\r\n])*+'?|"(?:\\.|[^"\\\r\n])*+"?|[^\s'"]{0,4096}[^\s'"),;\]}])"""
    ),
    re.compile(rf"(?i)({_AUTHORIZATION}{_QUOTED}{_SCHEME}){_REST}"),
    re.compile(rf"(?i)((?:{_KEY}|{_COOKIE}){_QUOTED}){_REST}"),
    re.compile(
        rf"""(?i)({_AUTHORIZATION}{_SAYS}{_SCHEME})(?:{_PART}|[^\s"',]++)(?:[,;]\s{{0,3}}{_PART})*+"""
    ),
    re.compile(rf"""(?i)({_KEY}{_SAYS})[^\s"',;]+"""),
    # Neither "basic authentication" nor "a bearer of news".
    re.compile(
        r"(\b(?:[Bb]earer|BEARER|[Bb]asic|BASIC) +)"
        r"(?=\S*(?:[0-9]|[a-z][A-Z]))[A-Za-z0-9._~+/=-]{8,}"
    ),
    re.compile(rf"""(?i)({_COOKIE}{_SAYS})[^\s"'=;]{{1,256}}=[^\r\n"']+"""),
)


class Redactor:
    """Knows the secret values of one process. `values` are as the environment has them."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = tuple(values)
        pieces = {piece for value in self._values for piece in _pieces(value)}
        # The longest first: a value may be the beginning of another one.
        self._pieces = sorted(pieces, key=lambda piece: (-len(piece), piece))[:_MOST_PIECES]
        longest = max((len(piece.encode(errors="replace")) for piece in self._pieces), default=0)
        self.margin: Final = 2 * (longest + _SLACK)
        """Bytes to keep beyond a limit, so that no half of a secret is left at a cut."""

    def knowing(self, values: Iterable[str]) -> "Redactor":
        """Return one that knows these values too."""
        return Redactor([*self._values, *values])

    def redact(self, text: str) -> str:
        for piece in self._pieces:
            text = text.replace(piece, HIDDEN)
        for form in _FORMS:
            text = form.sub(rf"\1{HIDDEN}", text)
        return text

    def clip(self, text: str, limit: int) -> str:
        """Return at most the first `limit` bytes, cleaned and redacted.

        The limit bounds the time too, however long the text is.
        """
        kept = self.redact(clean(text[: limit + self.margin]))
        if len(text) <= limit + self.margin:
            return clip(kept, limit)
        return clip(kept.encode()[: -self.margin].decode(errors="ignore") + "…", limit)

    def clip_start(self, text: str, limit: int, *, is_end: bool = False) -> str:
        """Return at most the last `limit` bytes, as `clip`.

        `is_end`: the text is the end of another one, which was cut `margin` before the limit.
        """
        kept = self.redact(clean(text[-limit - self.margin :]))
        if not is_end and len(text) <= limit + self.margin:
            return clip_start(kept, limit)
        return clip_start("…" + kept.encode()[self.margin :].decode(errors="ignore"), limit)

    def redact_json(self, value: Any) -> Any:
        """Return a value of JSON, of bounded depth, with its texts redacted, keys too."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, dict):
            return {self.redact(key): self.redact_json(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.redact_json(item) for item in value]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return HIDDEN if is_number and str(value) in self._pieces else value


FORMS_ONLY: Final = Redactor()
"""Knows no value."""


def redactor_of(environ: Mapping[str, str]) -> Redactor:
    """Return what hides the values of the environment's secret variables."""
    return Redactor(secret_values(environ))


def secret_values(environ: Mapping[str, str]) -> list[str]:
    """Return the values of secret variables.

    `JVSCHEDULER_SECRET_VARIABLES` names such variables, besides `SECRET_NAMES`, with commas
    between: a name, a pattern with `*`, or `!` and the name of one that is not secret.
    """
    listed = [n.strip().upper() for n in environ.get(environment.SECRET_VARIABLES, "").split(",")]
    return [
        secret
        for name, value in environ.items()
        for secret in ([value] if _is_secret(name.upper(), listed) else []) + _passwords(value)
    ]


def _is_secret(name: str, listed: Sequence[str]) -> bool:
    if name == environment.SECRET_VARIABLES or f"!{name}" in listed:
        return False
    if name in listed or is_secret_by_name(name):
        return True
    if not any(fnmatchcase(name, pattern) for pattern in listed):
        return False
    return not any(fnmatchcase(name, pattern) for pattern in PLAIN_NAMES)


def is_secret_by_name(name: str) -> bool:
    upper = name.upper()
    return any(part in upper for part in SECRET_NAMES) and not upper.endswith(_NO_SECRET_ENDS)


def _passwords(value: str) -> list[str]:
    """Return the passwords of a URL's address, as it has them and as they are."""
    found = [match[2] for match in _URL.finditer(value)]
    return [*found, *map(unquote, found)]


def _pieces(value: str) -> Iterator[str]:
    """The texts by which a value is found, in the forms in which messages have it."""
    for part in _parts(value.strip()):
        yield from (part, repr(part)[1:-1], json.dumps(part)[1:-1])
        yield quote(part, safe="", errors="replace")
        # As a reader of output that is no UTF-8 sees it.
        yield part.encode(errors="surrogateescape").decode(errors="replace")


def _parts(value: str) -> Iterator[str]:
    """The value, or its long lines, in pieces of bounded length."""
    lines = value.splitlines()
    if len(lines) > 1:
        long = [line.strip() for line in lines if len(line.strip()) >= _MIN_LINE]
        lines = [line for line in long if not line.startswith("-----")]
    for line in lines:
        if line.lower() not in COMMON:
            pieces = (line[at : at + _LONGEST_PIECE] for at in range(0, len(line), _LONGEST_PIECE))
            yield from (piece for piece in pieces if len(piece) >= MIN_LENGTH)
