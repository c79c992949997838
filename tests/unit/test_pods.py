"""`pod` and `template` become one partial pod template, and say at once what no pod can have."""

from typing import Any

import pytest

from jvscheduler.errors import InvalidTask
from jvscheduler.manifests.spec import PodTemplate
from jvscheduler_operator.acceptance import Refused, accept
from jvscheduler_operator.objects.reasons import Reason
from tests.support.pods import WHOLE, decorated
from tests.support.task_forms import built, cron_job


def template(**options: Any) -> Any:
    return decorated("daily", **options).template


def container(**fields: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "task", **fields}]}}


def test_a_pod_with_every_key() -> None:
    amounts = {"cpu": "500m", "memory": "512Mi"}
    assert template(pod=WHOLE) == {
        "metadata": {"labels": {"team": "shop", "app.kubernetes.io/part-of": "shop"}},
        "spec": {
            "containers": [
                {
                    "name": "task",
                    "resources": {"requests": amounts, "limits": amounts},
                    "envFrom": [
                        {"configMapRef": {"name": "shop"}},
                        {"configMapRef": {"name": "shop.v2"}},
                        {"secretRef": {"name": "mailer"}},
                    ],
                    "env": [{"name": "SHOP", "value": "north"}, {"name": "EMPTY", "value": ""}],
                    "volumeMounts": [
                        {"name": "pod-volume-96b53e47", "mountPath": "/srv/data"},
                        {"name": "pod-volume-ba4ea70f", "mountPath": "/etc/mailer"},
                        {"name": "pod-volume-edbe2a9d", "mountPath": "/etc/shop", "readOnly": True},
                        {"name": "pod-volume-ad861404", "mountPath": "/scratch"},
                    ],
                }
            ],
            "volumes": [
                {
                    "name": "pod-volume-96b53e47",
                    "persistentVolumeClaim": {"claimName": "shop-data"},
                },
                {"name": "pod-volume-ba4ea70f", "secret": {"secretName": "mailer"}},
                {"name": "pod-volume-edbe2a9d", "configMap": {"name": "shop"}},
                {"name": "pod-volume-ad861404", "emptyDir": {"sizeLimit": "1Gi"}},
            ],
            "serviceAccountName": "shop-reader",
            "nodeSelector": {"disk": "ssd"},
            "imagePullSecrets": [{"name": "registry"}],
        },
    }


def test_the_model_of_the_spec_takes_what_the_decorator_makes() -> None:
    assert PodTemplate.model_validate(template(pod=WHOLE)).spec["nodeSelector"] == {"disk": "ssd"}


@pytest.mark.parametrize("options", [{}, {"pod": {}}, {"template": {}}, {"pod": {"env": {}}}])
def test_who_asks_for_nothing_has_no_template(options: dict[str, Any]) -> None:
    assert template(**options) is None


def test_pod_and_template_are_merged() -> None:
    init = {"name": "wait", "image": "busybox:1", "command": ["sleep", "1"]}
    more = {
        "metadata": {"annotations": {"team": "shop"}},
        "spec": {
            "initContainers": [init],
            "containers": [{"name": "task", "env": [{"name": "B", "value": "2"}]}],
        },
    }
    assert template(pod={"env": {"A": "1"}, "memory": "1Gi"}, template=more) == {
        "metadata": {"annotations": {"team": "shop"}},
        "spec": {
            "containers": [
                {
                    "name": "task",
                    "resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi"}},
                    "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                }
            ],
            "initContainers": [init],
        },
    }


def test_who_says_the_same_twice_may() -> None:
    twice = container(env=[{"name": "A", "value": "1"}])
    assert template(pod={"env": {"A": "1"}}, template=twice) == twice


def test_tuples_are_lists_and_the_template_is_a_copy() -> None:
    mine: dict[str, Any] = {"spec": {"tolerations": ({"key": "spot"},)}}
    made = template(template=mine)
    mine["spec"]["nodeName"] = "later"
    assert made == {"spec": {"tolerations": [{"key": "spot"}]}}


def test_the_cron_job_has_what_the_decorator_says() -> None:
    allowed = {key: value for key, value in WHOLE.items() if key != "service_account"}
    pod = cron_job(built(decorated("daily", pod=allowed)))["jobTemplate"]["spec"]["template"]
    (made,) = pod["spec"]["containers"]
    assert made["resources"]["limits"] == {"cpu": "500m", "memory": "512Mi"}
    assert {"name": "SHOP", "value": "north"} in made["env"]
    assert {"name": "pod-volume-ad861404", "mountPath": "/scratch"} in made["volumeMounts"]
    assert pod["metadata"]["labels"]["team"] == "shop"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pod": {"service_account": "shop-reader"}}, "the service account 'shop-reader' is not"),
        ({"template": {"spec": {"hostNetwork": True}}}, "the host's namespaces are forbidden"),
    ],
)
def test_what_the_policy_forbids_is_refused_by_the_operator(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(Refused, match=message) as refused:
        accept(built(decorated("daily", **options)))
    assert refused.value.reason == Reason.TEMPLATE_FORBIDDEN


def test_tasks_of_one_pod_share_a_loop() -> None:
    def loop_of(**options: Any) -> str | None:
        return accept(built(decorated("every 7 seconds", **options))).loop

    assert loop_of(pod={"memory": "1Gi"}) == loop_of(pod={"memory": "1Gi"})
    assert loop_of(pod={"memory": "1Gi"}) != loop_of()


@pytest.mark.parametrize(
    ("pod", "message"),
    [
        ("512Mi", "pod must be a dict whose keys are texts, got '512Mi'"),
        ({5: "x"}, "pod must be a dict whose keys are texts"),
        ({"memry": "1Gi"}, "pod has no key 'memry': did you mean 'memory'?; say the rest in"),
        ({"serviceAccountName": "a"}, "did you mean 'service_account'?"),
        ({"zzz": 1}, "pod has no key 'zzz': it has memory, cpu, env"),
        ({"memory": 512}, "pod['memory'] must be a quantity as text, such as '512Mi', got 512: w"),
        ({"memory": "512MB"}, "got '512MB': write '512Mi'"),
        ({"memory": "512m"}, "got '512m': write '512Mi'"),
        ({"memory": "0"}, "pod['memory'] must be a quantity"),
        ({"memory": "lots"}, "pod['memory'] must be a quantity"),
        ({"memory": None}, "pod['memory'] must be a quantity"),
        (
            {"cpu": 0.5},
            "must be a quantity as text, such as '500m', got 0.5: write '0.5'",
        ),
        ({"cpu": "500Mi"}, "pod['cpu'] must be a quantity"),
        ({"env": ["A=1"]}, "pod['env'] must be a dict"),
        ({"env": {"DEBUG": 1}}, "pod['env']['DEBUG'] must be text, got 1: write '1'"),
        ({"env": {"A": None}}, "pod['env']['A'] must be text, got None"),
        ({"env": {"A": "\0"}}, "pod['env']['A'] must be text"),
        ({"env": {"A B": "1"}}, "pod['env'] has 'A B', which cannot be a variable's name"),
        ({"env": {"A": "\ud800"}}, "pod and template must be Unicode text"),
        ({"env": {"JVSCHEDULER_TASK_ID": "x"}}, "JVSCHEDULER_TASK_ID must be left out"),
        ({"secrets": "mailer"}, "pod['secrets'] must be a list of names, got 'mailer': write ['ma"),
        ({"secrets": ["a", "a"]}, "pod['secrets'] has a name twice"),
        ({"secrets": ["Mailer"]}, "pod['secrets'][0] must be the name of a Kubernetes object"),
        ({"config_maps": [""]}, "pod['config_maps'][0] must be the name"),
        ({"config_maps": ["x" * 254]}, "pod['config_maps'][0] must be the name"),
        (
            {"volumes": {"srv": {"claim": "a"}}},
            "['srv']: a volume is mounted at an absolute path",
        ),
        ({"volumes": {"/a": {}}}, "must have one of claim, secret, config_map, empty_dir, got {}"),
        ({"volumes": {"/a": {"claim": "a", "secret": "b"}}}, "must have one of claim"),
        ({"volumes": {"/a": {"claims": "a"}}}, "has no key 'claims': did you mean 'claim'?"),
        ({"volumes": {"/a": {"claim": "A"}}}, "pod['volumes']['/a']['claim'] must be the name"),
        ({"volumes": {"/a": {"empty_dir": True}}}, "['empty_dir'] must be a quantity"),
        (
            {"volumes": {"/a": {"claim": "a", "read_only": 1}}},
            "['read_only'] must be True or",
        ),
        ({"volumes": {"/a": "data"}}, "pod['volumes']['/a'] must be a dict"),
        ({"service_account": ""}, "pod['service_account'] must be the name"),
        ({"node_selector": {"disk": 1}}, "pod['node_selector']['disk'] must be a label's value"),
        ({"labels": {"a b": "x"}}, "pod['labels'] has 'a b', which cannot be a label's key"),
        ({"labels": {"a": "x" * 64}}, "pod['labels']['a'] must be a label's value"),
        ({"labels": {"jvscheduler.dev/task": "x"}}, "jvscheduler.dev/task must be left out"),
        ({"labels": {f"k{n}": "" for n in range(201)}}, "has 201 entries, more than 200"),
        ({"image_pull_secrets": [1]}, "pod['image_pull_secrets'][0] must be the name"),
        ({"env": {"A": "x" * 131072}}, "pod and template have more than 128 KiB"),
    ],
)
def test_a_pod_that_is_refused(pod: Any, message: str) -> None:
    with pytest.raises(InvalidTask) as refused:
        template(pod=pod)
    assert message in str(refused.value)
    assert len(str(refused.value)) < 300
