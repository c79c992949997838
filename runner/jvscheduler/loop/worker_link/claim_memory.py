"""The claims of the attempts that were let go, on the loop's own disk.

A worker has imported the user's code, so that what it answers may be anything. An answer can end an
attempt that is named here, and nothing else: which job that is, this memory says. A loop that was
killed and started again knows by it which attempts of the worker are its own.

In a cluster the folder outlives the container, and no other container mounts it.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from jvscheduler.edge.outcomes import from_json
from jvscheduler.edge.set_aside import SetAside
from jvscheduler.loop.log import say_problem
from jvscheduler.outcomes import Outcome

_SPARE_LINES: Final = 1_000
"""Lines about ended attempts that the file may have, beyond one for each attempt that runs."""
_MOST_REMOVED: Final = 10_000


class ClaimMemory:
    """One line for each claim, and one for each end. The file is removed when no claim is left."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "claims.jsonl"
        self._lines = 0
        self._unreadable = SetAside("remembered claims", say_problem)
        self._claims: dict[str, Mapping[str, Any]] = self._read()
        """By the attempt's id."""
        self._is_failing = False
        self._removed: dict[str, None] = {}
        """The last attempts that were removed, the oldest first."""

    def get(self, attempt_id: str) -> Outcome | None:
        """Return the claim of an attempt. None: this loop has none, or has recorded its end."""
        claim = self._claims.get(attempt_id)
        try:
            return None if claim is None else from_json(claim)
        except ValueError as error:
            self._unreadable.add(attempt_id, str(error))
            return None

    def add(self, attempt_id: str, claim: Mapping[str, Any]) -> None:
        """Remember a claim. It must come before the attempt is let go."""
        self._claims[attempt_id] = claim
        self._append({"attempt": attempt_id, "claim": claim})

    def remove(self, attempt_id: str) -> None:
        """Forget an attempt whose outcome is recorded."""
        if self._claims.pop(attempt_id, None) is None:
            return
        self._append({"attempt": attempt_id})
        self._removed[attempt_id] = None
        if len(self._removed) > _MOST_REMOVED:
            del self._removed[next(iter(self._removed))]

    def was_removed(self, attempt_id: str) -> bool:
        """True for an attempt that was removed lately: a worker may report its end again."""
        return attempt_id in self._removed

    def keep_only(self, attempt_ids: Collection[str]) -> None:
        """Forget every other attempt: no worker has it any more."""
        for attempt_id in self._claims.keys() - set(attempt_ids):
            self.remove(attempt_id)

    def _append(self, line: Mapping[str, Any]) -> None:
        try:
            if not self._claims:
                self._file.unlink(missing_ok=True)
                self._lines = 0
            elif self._lines > _SPARE_LINES + 2 * len(self._claims):
                self._rewrite()
            else:
                with self._file.open("ab") as file:
                    # The newline comes first: a line that a crash cut short spoils no later one.
                    file.write(b"\n" + _encoded(line))
                self._lines += 1
            self._is_failing = False
        except OSError as error:
            # The task runs all the same. If the loop is killed now, its record is closed as lost.
            if not self._is_failing:
                say_problem(f"claims cannot be remembered: {error}")
            self._is_failing = True

    def _rewrite(self) -> None:
        lines = [_encoded({"attempt": k, "claim": claim}) for k, claim in self._claims.items()]
        new = self._file.with_suffix(".new")
        new.write_bytes(b"\n".join(lines))
        new.replace(self._file)
        self._lines = len(lines)

    def _read(self) -> dict[str, Mapping[str, Any]]:
        claims: dict[str, Mapping[str, Any]] = {}
        lines = self._file.read_bytes().split(b"\n") if self._file.exists() else []
        for line in filter(None, lines):
            self._lines += 1
            try:
                read = json.loads(line)
                attempt_id, claim = str(read["attempt"]), read.get("claim")
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                continue  # a crash cut it short
            if claim is None:
                claims.pop(attempt_id, None)
            else:
                claims[attempt_id] = claim
        return claims


def _encoded(line: Mapping[str, Any]) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode()
