"""Drift: the object on the API server is not what the spec asks for, so it must be applied.

Two comparisons find it. The digest in the annotation differs when the spec has
changed. The observed fields differ when someone edited the object by hand.

Only fields that we set are compared. Fields that the API server defaults, or
that another manager added, are not ours to judge.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from jvscheduler_operator.objects.digests import digest_of
from jvscheduler_operator.objects.manifests import Manifest

_LIST_KEYS: Final = ("uid", "mountPath", "devicePath", "containerPort", "name")
"""Fields that may identify an item of a list, the most specific first."""

_NOTHING: Final[Manifest] = {"metadata": {}}


@dataclass(frozen=True)
class LastApplied:
    """A manifest that the API server accepted, and the object's generation after it.

    The API server stores some values in another form: `1000m` becomes `1`. The
    observed object then differs for ever from what was applied. Without this
    memory every pass would apply the same manifest again.
    """

    digest: str
    generation: int

    @classmethod
    def of(cls, answer: Manifest, desired: Manifest) -> "LastApplied":
        """To be remembered after the API server accepted `desired` with this answer."""
        return cls(digest_of(desired) or "", answer["metadata"].get("generation", 0))


@dataclass(frozen=True)
class Comparison:
    observed: Manifest | None
    desired: Manifest
    last_applied: LastApplied | None

    @property
    def found(self) -> Manifest:
        return self.observed or _NOTHING


DriftRule: TypeAlias = Callable[[Comparison], bool]


def is_missing(comparison: Comparison) -> bool:
    return comparison.observed is None


def was_built_differently(comparison: Comparison) -> bool:
    """True when the spec has changed, or this operator's version builds other manifests."""
    return digest_of(comparison.found) != digest_of(comparison.desired)


def has_edited_metadata(comparison: Comparison) -> bool:
    return not contains(comparison.found["metadata"], comparison.desired["metadata"])


def has_edited_spec(comparison: Comparison) -> bool:
    """True when a field differs that was not already different after our last apply."""
    if contains(comparison.found.get("spec", {}), comparison.desired["spec"]):
        return False
    return comparison.last_applied != LastApplied.of(comparison.found, comparison.desired)


RULES: Final[Sequence[DriftRule]] = (
    is_missing,
    was_built_differently,
    has_edited_metadata,
    has_edited_spec,
)
"""Asked in this order; the first that is true decides."""


def has_drifted(
    observed: Manifest | None, desired: Manifest, last_applied: LastApplied | None
) -> bool:
    comparison = Comparison(observed, desired, last_applied)
    return any(rule(comparison) for rule in RULES)


def with_uid(desired: Manifest, observed: Manifest | None) -> Manifest:
    """The manifest with the observed object's uid, which is a precondition of the apply."""
    # Without the uid, an object deleted since we looked would be created again,
    # although the decision to update it was made for the old one.
    if observed is None:
        return desired
    return {**desired, "metadata": {**desired["metadata"], "uid": observed["metadata"]["uid"]}}


def contains(observed: Any, desired: Any) -> bool:
    """True when all that is desired is observed. More may be there."""
    if isinstance(desired, Mapping):
        return isinstance(observed, Mapping) and all(
            field in observed and contains(observed[field], value)
            for field, value in desired.items()
        )
    if isinstance(desired, list):
        return isinstance(observed, list) and _list_contains(observed, desired)
    return bool(observed == desired)


def _list_contains(observed: Sequence[Any], desired: Sequence[Any]) -> bool:
    key = _common_key([*observed, *desired])
    if key is None:
        return len(observed) == len(desired) and all(map(contains, observed, desired))
    by_key = {item[key]: item for item in observed}
    return all(item[key] in by_key and contains(by_key[item[key]], item) for item in desired)


def _common_key(items: Sequence[Any]) -> str | None:
    """The field that identifies every item; None for lists whose order counts."""
    if not items or not all(isinstance(item, Mapping) for item in items):
        return None
    return next((key for key in _LIST_KEYS if all(key in item for item in items)), None)
