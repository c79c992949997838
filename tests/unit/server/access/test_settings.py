"""How callers log in: the variables, and the messages about those that cannot be used."""

from ipaddress import ip_network

import pytest

from jvscheduler.errors import InvalidSettings
from jvscheduler_server.access.access import OpenGate
from jvscheduler_server.access.gates import make_gate, make_reviews
from jvscheduler_server.access.kubernetes import KubernetesGate
from jvscheduler_server.access.proxy import ProxyGate, TrustedProxy
from jvscheduler_server.access.settings import AccessSettings, Mode, read_access_settings
from tests.support.server.scripted_reviews import ScriptedReviews

REVIEWS = make_reviews(ScriptedReviews())
PROXY = {"JVSCHEDULER_AUTH_MODE": "proxy"}
ADDRESSES = {**PROXY, "JVSCHEDULER_AUTH_PROXY_ADDRESSES": "10.0.0.7, fd00::/8"}


def test_without_a_setting_callers_need_a_token() -> None:
    assert read_access_settings({}) == AccessSettings(Mode.KUBERNETES)
    assert isinstance(make_gate(read_access_settings({}), REVIEWS), KubernetesGate)


def test_only_who_asks_for_it_has_no_login() -> None:
    settings = read_access_settings({"JVSCHEDULER_AUTH_MODE": "none"})
    assert isinstance(make_gate(settings, REVIEWS), OpenGate)


def test_a_proxy_has_addresses_and_headers() -> None:
    networks = (ip_network("10.0.0.7/32"), ip_network("fd00::/8"))
    expected = TrustedProxy(networks, "X-Forwarded-User", "X-Forwarded-Groups")
    settings = read_access_settings(ADDRESSES)
    assert settings == AccessSettings(Mode.PROXY, expected)
    assert isinstance(make_gate(settings, REVIEWS), ProxyGate)
    named = {
        **ADDRESSES,
        "JVSCHEDULER_AUTH_PROXY_USER_HEADER": "X-Auth-User",
        "JVSCHEDULER_AUTH_PROXY_GROUPS_HEADER": "X-Auth-Groups",
    }
    assert read_access_settings(named).proxy == TrustedProxy(
        networks, "X-Auth-User", "X-Auth-Groups"
    )


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"JVSCHEDULER_AUTH_MODE": "off"}, "one of kubernetes, proxy, none, got 'off'"),
        (PROXY, "needs the proxy's addresses in JVSCHEDULER_AUTH_PROXY_ADDRESSES"),
        ({**PROXY, "JVSCHEDULER_AUTH_PROXY_ADDRESSES": " , "}, "needs the proxy's addresses"),
        ({**PROXY, "JVSCHEDULER_AUTH_PROXY_ADDRESSES": "proxy"}, "ADDRESSES: 'proxy'"),
        ({**PROXY, "JVSCHEDULER_AUTH_PROXY_ADDRESSES": "10.0.0.7/8"}, "has host bits set"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(environ: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidSettings, match=message):
        read_access_settings(environ)
