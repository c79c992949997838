"""The login of the user's kubeconfig, as the `kubernetes` client loads it.

It knows client certificates, tokens, files with tokens, OpenID and programs that log in (`exec`).
"""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import ConfigException, load_kube_config

from jvscheduler.errors import InvalidSettings

VARIABLE: Final = "KUBECONFIG"
DEFAULT: Final = "~/.kube/config"


@dataclass(frozen=True)
class Login:
    """A cluster, and how to log in there."""

    context: str
    host: str
    tls: ssl.SSLContext
    connection: Mapping[str, Any]
    """Options of each request: a proxy, another name in the certificate."""
    headers: Mapping[str, str]


async def read_login(context: str | None) -> Login:
    """Read the kubeconfig anew: its files may have changed, and its programs give another token.

    Raises InvalidSettings.
    """
    configuration = Configuration()
    path = os.environ.get(VARIABLE) or DEFAULT
    try:
        loader = await load_kube_config(  # type: ignore[no-untyped-call]
            path, context, client_configuration=configuration, persist_config=False
        )
        client = ApiClient(configuration)
    except (ConfigException, OSError, ValueError, TypeError, yaml.YAMLError) as error:
        raise InvalidSettings(
            f"no login in the kubeconfig {path}: {error}. Set {VARIABLE} to one with which "
            "`kubectl get namespaces` works, or choose another --context"
        ) from error
    headers: dict[str, str] = {}
    await client.update_params_for_auth(headers, [], ["BearerToken"], "", "GET", None)
    options = {"server_hostname": configuration.tls_server_name, "proxy": configuration.proxy}
    return Login(
        loader.current_context["name"],
        configuration.host,
        client.rest_client.ssl_context,
        {name: value for name, value in options.items() if value},
        headers,
    )
