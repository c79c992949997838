"""The operator's settings and their defaults."""

from base64 import b64decode
from pathlib import Path

import pytest

from jvscheduler.errors import InvalidSettings
from jvscheduler_operator.pod_templates.loops import DEFAULT_RESOURCES
from jvscheduler_operator.settings import LIVENESS_ENDPOINT, from_environment
from jvscheduler_operator.template_policy.policy import Level, TemplatePolicy


def test_every_setting_has_a_default() -> None:
    chosen = from_environment({})
    assert chosen.kubeconfig is None
    assert chosen.database_url is None
    assert chosen.liveness_endpoint == "http://0.0.0.0:8080/healthz"


def test_the_loops_container_is_what_the_installation_says() -> None:
    plain = from_environment({}).loop_container
    assert (plain.resources, plain.pull_secrets) == (DEFAULT_RESOURCES, [])
    chosen = from_environment(
        {
            "JVSCHEDULER_LOOP_RESOURCES": '{"limits": {"memory": "1Gi", "cpu": 2}}',
            "JVSCHEDULER_LOOP_PULL_SECRETS": "mirror,own",
        }
    ).loop_container
    assert chosen.resources == {"limits": {"memory": "1Gi", "cpu": 2}}
    assert chosen.pull_secrets == ["mirror", "own"]


@pytest.mark.parametrize("text", ["1Gi", "[]", '{"limits": "1Gi"}', '{"limits": {"memory": []}}'])
def test_resources_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InvalidSettings, match="JVSCHEDULER_LOOP_RESOURCES must "):
        from_environment({"JVSCHEDULER_LOOP_RESOURCES": text})


def test_the_policy_for_templates_is_what_the_installation_says() -> None:
    assert from_environment({}).template_policy == TemplatePolicy(Level.RESTRICTED, frozenset())
    chosen = from_environment(
        {
            "JVSCHEDULER_POD_TEMPLATES": "baseline",
            "JVSCHEDULER_ALLOWED_SERVICE_ACCOUNTS": "reader,shop/builder",
        }
    ).template_policy
    assert chosen == TemplatePolicy(Level.BASELINE, frozenset({"reader", "shop/builder"}))


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="must be one of restricted, baseline, any"):
        from_environment({"JVSCHEDULER_POD_TEMPLATES": "privileged"})


def test_namespaces_are_named_with_commas_between() -> None:
    assert from_environment({}).namespaces == []
    chosen = from_environment({"JVSCHEDULER_WATCH_NAMESPACES": "shop,bakery"})
    assert chosen.namespaces == ["shop", "bakery"]


def test_certificates_go_into_each_namespaces_secret(tmp_path: Path) -> None:
    file, text = tmp_path / "ca.crt", "-----BEGIN CERTIFICATE-----\n"
    file.write_text(text)
    environ = {"JVSCHEDULER_DATABASE_URL": "postgresql://h/jobs"}
    plain = from_environment(environ).database_secret_of("shop")
    assert plain is not None
    assert set(plain["data"]) == {"url"}
    chosen = from_environment({**environ, "JVSCHEDULER_DATABASE_AUTHORITY": str(file)})
    secret = chosen.database_secret_of("shop")
    assert secret is not None
    assert b64decode(secret["data"]["ca.crt"]).decode() == text
    assert secret["data"]["url"] == plain["data"]["url"]


def test_without_an_address_there_is_no_secret() -> None:
    assert from_environment({}).database_secret_of("shop") is None


@pytest.mark.parametrize("content", [None, "", "-----BEGIN PRIVATE KEY-----\n"])
def test_a_file_without_certificates_is_refused(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "ca.crt"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InvalidSettings, match=r"JVSCHEDULER_DATABASE_AUTHORITY: /.*ca\.crt "):
        from_environment({"JVSCHEDULER_DATABASE_AUTHORITY": str(file)})


def test_an_empty_database_url_is_none() -> None:
    assert from_environment({"JVSCHEDULER_DATABASE_URL": ""}).database_url is None


@pytest.mark.parametrize("endpoint", ["8080", "https://0.0.0.0:8080/healthz", "http://0.0.0.0:1"])
def test_an_endpoint_that_kopf_cannot_serve_is_refused(endpoint: str) -> None:
    with pytest.raises(InvalidSettings, match=f"{LIVENESS_ENDPOINT} must look like"):
        from_environment({LIVENESS_ENDPOINT: endpoint})
