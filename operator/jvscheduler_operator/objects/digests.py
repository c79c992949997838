"""Digests of what the operator built.

An annotation on each object holds the digest of the manifest that was applied.
Comparing it tells whether the spec, or the operator's way to build it, changed.
"""

import hashlib
import json
from typing import Any, Final

from jvscheduler import names
from jvscheduler_operator.objects.manifests import Manifest

DIGEST: Final = f"{names.GROUP}/manifest-digest"


def with_digest(manifest: Manifest) -> dict[str, Any]:
    """The manifest with its digest as an annotation."""
    digest = short_digest([manifest["metadata"], manifest["spec"]])
    metadata = {**manifest["metadata"], "annotations": {DIGEST: digest}}
    return {**manifest, "metadata": metadata}


def short_digest(value: Any) -> str:
    """16 hexadecimal digits for a JSON value, the same in every process."""
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest_of(manifest: Manifest) -> str | None:
    digest: str | None = manifest["metadata"].get("annotations", {}).get(DIGEST)
    return digest
