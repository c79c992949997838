"""pip-audit on what the images install.

It asks PyPI for known vulnerabilities. A mirror does not know them, and this says so.
"""

import json
import subprocess

from tests.security.code import ROOT, TOOLS

IMAGES = ("runner", "operator", "server")


def audit(image: str) -> list[str]:
    requirements = ROOT / "requirements" / f"{image}.txt"
    command = [str(TOOLS / "pip-audit"), "--disable-pip", "--require-hashes", "-f", "json"]
    done = subprocess.run(
        [*command, "-r", str(requirements)], capture_output=True, text=True, check=False
    )
    try:
        known = json.loads(done.stdout)["dependencies"]
    except json.JSONDecodeError:
        print(f"pip-audit: {image}: not audited, no answer: {done.stderr.strip()[-200:]}")
        return []
    left_out = sum("skip_reason" in package for package in known)
    print(f"pip-audit: {image}: {len(known) - left_out} audited, {left_out} unknown to the index")
    return [
        f"{image}: {package['name']} {package['version']}: {vulnerability['id']}"
        for package in known
        for vulnerability in package.get("vulns", ())
    ]
