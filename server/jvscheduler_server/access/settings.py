"""How the server's callers log in, from the environment. Pure: the caller passes the variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from jvscheduler.errors import InvalidSettings
from jvscheduler_server.access.proxy import TrustedProxy

MODE: Final = "JVSCHEDULER_AUTH_MODE"
PROXY_ADDRESSES: Final = "JVSCHEDULER_AUTH_PROXY_ADDRESSES"
PROXY_USER_HEADER: Final = "JVSCHEDULER_AUTH_PROXY_USER_HEADER"
PROXY_GROUPS_HEADER: Final = "JVSCHEDULER_AUTH_PROXY_GROUPS_HEADER"

USER_HEADER: Final = "X-Forwarded-User"
GROUPS_HEADER: Final = "X-Forwarded-Groups"
"""The names that oauth2-proxy and most others use."""


class Mode(StrEnum):
    """How the server knows its callers."""

    KUBERNETES = "kubernetes"
    """By a token of the cluster."""
    PROXY = "proxy"
    """By the headers of an authenticating proxy."""
    NONE = "none"
    """Not at all: everybody who reaches the port reads everything."""


@dataclass(frozen=True)
class AccessSettings:
    mode: Mode
    proxy: TrustedProxy | None = None
    """None: the mode is another one."""


def read_access_settings(environ: Mapping[str, str]) -> AccessSettings:
    """Raises InvalidSettings, which names the variable and the fix."""
    text = environ.get(MODE) or Mode.KUBERNETES
    try:
        mode = Mode(text)
    except ValueError:
        allowed = ", ".join(Mode)
        raise InvalidSettings(f"{MODE} must be one of {allowed}, got {text!r}") from None
    return AccessSettings(mode, _proxy(environ) if mode is Mode.PROXY else None)


def _proxy(environ: Mapping[str, str]) -> TrustedProxy:
    texts = [text.strip() for text in environ.get(PROXY_ADDRESSES, "").split(",")]
    addresses = tuple(_network(text) for text in texts if text)
    if not addresses:
        raise InvalidSettings(
            f"{MODE}=proxy needs the proxy's addresses in {PROXY_ADDRESSES}, such as 10.1.0.0/16: "
            "anybody else could name any user"
        )
    return TrustedProxy(
        addresses,
        environ.get(PROXY_USER_HEADER) or USER_HEADER,
        environ.get(PROXY_GROUPS_HEADER) or GROUPS_HEADER,
    )


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise InvalidSettings(f"{PROXY_ADDRESSES}: {error}") from None
