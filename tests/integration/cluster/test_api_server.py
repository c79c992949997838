"""The API server that integration tests run against is a real one."""

import json

from tests.cluster.plugin import ApiServer


def test_it_answers_as_kubernetes(api_server: ApiServer) -> None:
    version = json.loads(api_server.kubectl("get", "--raw", "/version"))
    assert version["major"] == "1"
    assert api_server.kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")


def test_a_pod_runs_on_the_hollow_node(api_server: ApiServer) -> None:
    api_server.kubectl("create", "namespace", "hollow")
    api_server.kubectl("-n", "hollow", "run", "any", "--image=any.example.org/image:1")
    running = "--for=jsonpath={.status.phase}=Running"
    api_server.kubectl("-n", "hollow", "wait", running, "pod/any", "--timeout=60s")
    node = api_server.kubectl(
        "-n", "hollow", "get", "pod", "any", "-o", "jsonpath={.spec.nodeName}"
    )
    assert node == "hollow-node"


def test_controllers_make_pods_of_a_job(api_server: ApiServer) -> None:
    api_server.kubectl("create", "namespace", "controlled")
    api_server.kubectl("-n", "controlled", "create", "job", "any", "--image=image:1")
    active = "--for=jsonpath={.status.active}=1"
    api_server.kubectl("-n", "controlled", "wait", active, "job/any", "--timeout=60s")


def test_rbac_is_enforced(api_server: ApiServer) -> None:
    asked = ("auth", "can-i", "list", "secrets", "--as=system:serviceaccount:default:default")
    assert not api_server.answers(*asked)
    assert api_server.answers("auth", "can-i", "list", "secrets")
