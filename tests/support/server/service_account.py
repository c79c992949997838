"""A service account with the rights that docs/reference/api.md names, and no others."""

from pathlib import Path

import yaml

from tests.cluster.api_server import ApiServer

RIGHTS = ("events", "pods", "jobs.batch", "cronjobs.batch", "scheduledtasks.jvscheduler.dev")
REVIEWS = ("tokenreviews.authentication.k8s.io", "subjectaccessreviews.authorization.k8s.io")
STATUS = "scheduledtasks.jvscheduler.dev/status"


def server_kubeconfig(api_server: ApiServer, namespace: str, folder: Path) -> Path:
    """Create the account in a new namespace; return its kubeconfig."""
    kubectl = api_server.kubectl
    kubectl("create", "namespace", namespace)
    kubectl("create", "serviceaccount", "server", "-n", namespace)
    resources = f"--resource={','.join(RIGHTS)}"
    kubectl("create", "clusterrole", namespace, "--verb=list,watch", resources)
    # As the chart: the status of tasks, and Events about them.
    writing = f"{namespace}-writing"
    kubectl("create", "clusterrole", writing, "--verb=patch", f"--resource={STATUS}")
    kubectl("create", "clusterrole", f"{writing}-events", "--verb=create", "--resource=events")
    account = f"--serviceaccount={namespace}:server"
    kubectl("create", "clusterrolebinding", namespace, f"--clusterrole={namespace}", account)
    # Who calls the API, and what the caller may do.
    reviewing = f"{namespace}-reviewing"
    reviews = f"--resource={','.join(REVIEWS)}"
    kubectl("create", "clusterrole", reviewing, "--verb=create", reviews)
    for role in (writing, f"{writing}-events", reviewing):
        kubectl("create", "clusterrolebinding", role, f"--clusterrole={role}", account)
    token = kubectl("create", "token", "server", "-n", namespace).strip()
    config = yaml.safe_load(api_server.kubeconfig.read_text())
    config["users"] = [{"name": config["users"][0]["name"], "user": {"token": token}}]
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return file
