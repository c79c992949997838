"""From a schedule's text to its canonical text and its meaning, in one pass."""

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from jvscheduler.cron import SYNONYMS, Cron, CronItemError, CronShapeError, parse_cron
from jvscheduler.schedules import spread
from jvscheduler.schedules.intervals import Interval
from jvscheduler.schedules.nearest import phrase_of_seconds
from jvscheduler.schedules.phrases import KEYWORDS, parse_phrase
from jvscheduler.schedules.unreadable import Unreadable

MAX_TEXT: Final = 512
"""Characters. The longest useful cron text lists every minute, and is shorter."""

Meaning = tuple[Cron, ...] | Interval
"""An interval, or crons: due is what is due by one of them."""
Reading = tuple[str, tuple[str, ...], Meaning]
"""The canonical text, the lines of its crons, and the meaning. An interval has no lines. A line
with `H` still needs the id of a task."""

_FIELDS: Final = 5
_ALLOWED: Final = re.compile(r"[ -~\t\n\r]*")
_CRON_START: Final = re.compile(r"[0-9*?,+]|h(?![a-z])")
_COUNT: Final = re.compile(r"[0-9]+ (?!h[ /(,])[a-z]")
_TIME: Final = re.compile(r"(?:at )?([0-9]{1,2}:[0-9]{2})\b")
_TIME_ZONE_PREFIX: Final = re.compile(r"(?:cron_)?tz=\S* ?(.*)")
_GO_DURATION: Final = re.compile(r"@every (?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?")


def read(text: str) -> Reading:
    """Raises Unreadable."""
    _check_characters(text)
    words = text.lower().split()
    joined = " ".join(words)
    if joined in SYNONYMS:
        return joined, (SYNONYMS[joined],), (parse_cron(SYNONYMS[joined]),)
    if words and words[0] in KEYWORDS:
        return _phrase(text)
    # What is left must be cron text. These refusals suggest more than the cron parser could.
    _refuse_extensions(joined)
    _check_start(text, words)
    cron = _cron(text)
    canonical = spread.canonical(joined)
    return canonical, (canonical,), (cron,)


def _phrase(text: str) -> Reading:
    canonical, meaning = parse_phrase(text)
    if isinstance(meaning, Interval):
        return canonical, (), meaning
    return canonical, meaning, tuple(map(parse_cron, meaning))


def _cron(text: str) -> Cron:
    lowered = text.lower()
    try:
        if len(text.split()) == _FIELDS:
            spread.check(lowered)
            lowered = spread.without_spread(lowered)
        return parse_cron(lowered)
    except CronItemError as error:
        fields = text.lower().split()
        items = fields[error.field].split(",")
        items[error.item] = error.nearest
        fields[error.field] = ",".join(items)
        raise Unreadable(str(error), " ".join(fields)) from None
    except CronShapeError as error:
        raise Unreadable(str(error), error.nearest) from None


def _check_characters(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise Unreadable(
            f"at position {MAX_TEXT + 1}: expected at most {MAX_TEXT} characters, "
            f"found {len(text)}",
            text[:MAX_TEXT],
        )
    good = _ALLOWED.match(text)
    if good is not None and (end := good.end()) < len(text):
        raise Unreadable(
            f"at position {end + 1}: expected plain ASCII text, found {text[end]!r}",
            plain(text),
        )


def plain(text: str) -> str:
    """Return the text in ASCII: digits and letters of other scripts become plain ones."""
    return "".join(c if _ALLOWED.fullmatch(c) else _plain(c) for c in text)


def _plain(character: str) -> str:
    """Return a character's digit, or its letter without accents, or a space."""
    letter = unicodedata.normalize("NFKD", character)[0]
    return str(unicodedata.decimal(character, letter if _ALLOWED.fullmatch(letter) else " "))


def _refuse_extensions(joined: str) -> None:
    prefixed = _TIME_ZONE_PREFIX.fullmatch(joined)
    if prefixed:
        rest = f" and schedule {prefixed[1]!r}" if prefixed[1] else ""
        raise Unreadable(
            f"at position 1: the time zone has a field of its own; expected time_zone{rest}, "
            f"found {joined.split(maxsplit=1)[0]!r}",
            prefixed[1],
        )
    if joined.startswith("@"):
        raise Unreadable(
            f"at position 1: expected one of {', '.join(SYNONYMS)}, found {joined!r}",
            _phrase_of_duration(joined) or _spelt(joined, SYNONYMS),
        )


def _phrase_of_duration(joined: str) -> str | None:
    """Translate Go's `@every 1h30m` into a phrase; None when the text has another form."""
    match = _GO_DURATION.fullmatch(joined)
    parts = [int(part or 0) for part in match.groups()] if match else [0, 0, 0]
    seconds = parts[0] * 3600 + parts[1] * 60 + parts[2]
    return phrase_of_seconds(seconds) if seconds else None


def _check_start(text: str, words: list[str]) -> None:
    joined = " ".join(words)
    time, count = _TIME.match(joined), _COUNT.match(joined)
    # "09:00" and "5 minutes" begin like cron text, but only lack their keyword.
    in_fields = len(words) >= 5 and ("*" in joined or not words[0].isalpha())
    if not (time or count) and (in_fields or _CRON_START.match(joined)):
        return
    found = repr(words[0]) if words else "the end"
    raise Unreadable(
        f"{'' if words else 'is empty; '}at position {len(text) - len(text.lstrip()) + 1}: "
        f"expected one of {', '.join(KEYWORDS)}, or five cron fields, found {found}",
        _without_keyword(joined, time) if time or count else _spelt(joined, KEYWORDS),
    )


def _without_keyword(joined: str, time: re.Match[str] | None) -> str:
    return f"daily at {time[1]}" if time else f"every {joined}"


def _spelt(joined: str, known: Iterable[str]) -> str:
    """Return the text with its first word as it is spelt, if it is like one of those known."""
    first, _, rest = joined.partition(" ")
    near = get_close_matches(first[:20], known, n=1)
    return f"{near[0]} {rest}".rstrip() if near else joined
