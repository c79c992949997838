"""kopf without a memory of its own, which half of its work on each event goes into.

kopf compares an object with what it was, and keeps on it how far its change
handlers got. We have none of these: nothing is compared and nothing can be
written.
"""

from typing import Any

import kopf


class NoComparison(kopf.DiffBaseStorage):
    def build(self, *_: Any, **__: Any) -> kopf.BodyEssence:
        return kopf.BodyEssence()

    def fetch(self, *_: Any, **__: Any) -> kopf.BodyEssence | None:
        return None

    def store(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError("nothing of kopf's is written to any object")


class NoProgress(kopf.ProgressStorage):
    def fetch(self, *_: Any, **__: Any) -> kopf.ProgressRecord | None:
        return None

    def store(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError("nothing of kopf's is written to any object")

    def purge(self, *_: Any, **__: Any) -> None:
        """There is nothing to purge."""

    def touch(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError("nothing of kopf's is written to any object")

    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        return essence
