"""kind's own source, as a source of node files: nothing of it is copied into this project."""

import json
import re
from pathlib import Path

from tests.cluster.commands import run
from tests.cluster.errors import ClusterError
from tests.cluster.versions import KIND


def find_kind_module() -> Path:
    answer = run("go", "mod", "download", "-json", f"sigs.k8s.io/kind@{KIND}", cwd=Path("/"))
    return Path(json.loads(answer)["Dir"])


def read_storage_manifest(module: Path) -> str:
    source = (module / "pkg/build/nodeimage/const_storage.go").read_text()
    constants = dict(re.findall(r'const (\w+) = "(.+)"', source))
    found = re.search("defaultStorageManifest = `(.*)`", source, re.DOTALL)
    if not found:
        raise ClusterError(f"kind {KIND} keeps its storage manifest elsewhere: see {module}")
    return re.sub(r"` \+ (\w+) \+ `", lambda match: str(constants[match[1]]), found[1])
