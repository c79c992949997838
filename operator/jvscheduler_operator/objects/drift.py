"""Whether what we built is what is there.

An annotation holds a digest of what was built, which tells a spec that has
changed; the comparison with what is observed tells an edit by someone else.
Only what we set is compared: fields that the API server defaults, or that
another owner added, are none of ours.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from jvscheduler import names
from jvscheduler_operator.objects.manifests import Manifest

DIGEST: Final = f"{names.GROUP}/manifest-digest"
_LIST_KEYS: Final = ("uid", "mountPath", "devicePath", "containerPort", "name")


def digested(manifest: Manifest) -> dict[str, Any]:
    """The manifest with its digest on it."""
    digest = short_digest([manifest["metadata"], manifest["spec"]])
    metadata = {**manifest["metadata"], "annotations": {DIGEST: digest}}
    return {**manifest, "metadata": metadata}


def short_digest(value: Any) -> str:
    """Of a JSON value; the same in every process."""
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest_of(manifest: Manifest) -> str | None:
    digest: str | None = manifest["metadata"].get("annotations", {}).get(DIGEST)
    return digest


def contains(observed: Any, desired: Any) -> bool:
    """Whether all that is desired is observed; more may be there."""
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
    if not items or not all(isinstance(item, Mapping) for item in items):
        return None
    return next((key for key in _LIST_KEYS if all(key in item for item in items)), None)
