"""The README's commands on a cluster, those that the other tests did not already run."""

import json

from tests.e2e.conftest import shell
from tests.e2e.installation import Installation
from tests.support.readme import shell_snippets
from tests.support.waiting import eventually


def test_the_commands_that_show_what_ran(installation: Installation) -> None:
    eventually(lambda: installation.jobs("shop.tasks.collect_metrics"), "a job")
    look = shell_snippets("On a cluster")[-1]
    answer = json.loads(shell(look, installation.cluster))
    assert answer["total_found"] >= 1
    assert answer["jobs"][0]["job_name"]
