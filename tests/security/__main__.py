"""Runs the three, says what nothing explains, and fails if there is any."""

import sys

from tests.security.chart import INSTALLATIONS, findings, problems, rendered
from tests.security.code import bandit, problem
from tests.security.packages import IMAGES, audit


def main() -> int:
    unexplained = [text for finding in bandit() if (text := problem(finding))]
    print(*unexplained, f"bandit: {len(unexplained)} findings without explanation", sep="\n")
    vulnerable = [text for image in IMAGES for text in audit(image)]
    print(*vulnerable, f"pip-audit: {len(vulnerable)} known vulnerabilities", sep="\n")
    failed = problems([f for values in INSTALLATIONS for f in findings(rendered(values))])
    print(*failed, f"checkov: {len(failed)} findings without explanation", sep="\n")
    return 1 if unexplained or vulnerable or failed else 0


sys.exit(main())
