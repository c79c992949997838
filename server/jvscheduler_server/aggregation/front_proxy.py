"""Whom we believe that it is the API server, and what it says of a caller. Pure.

The API server shows a client certificate. The ConfigMap `extension-apiserver-authentication` in
`kube-system` says which authority has signed it, which names it may have, and in which headers it
names the caller. Only the API server writes that ConfigMap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from pydantic import TypeAdapter
from starlette.datastructures import Headers

from jvscheduler.edge.bounded_json import read_strict_json
from jvscheduler.edge.values import Name
from jvscheduler.errors import TemporaryError
from jvscheduler_server.access.callers import Caller

NAMESPACE: Final = "kube-system"
CONFIG_MAP: Final = "extension-apiserver-authentication"
_NAMES: Final = TypeAdapter(list[Name])


class NoFrontProxy(TemporaryError):
    """The cluster does not say whom to believe, so that nobody is."""


@dataclass(frozen=True)
class FrontProxy:
    """The API server as it calls the servers behind it."""

    authority: str
    """Certificates of who may sign its own, as PEM."""
    names: tuple[str, ...]
    """Common names that it may have. None: any that the authority has signed."""
    user_headers: tuple[str, ...]
    group_headers: tuple[str, ...]
    uid_headers: tuple[str, ...]
    extra_prefixes: tuple[str, ...]

    def is_named(self, common_name: str) -> bool:
        """True when a certificate with this name may speak for callers."""
        return not self.names or common_name in self.names

    def caller(self, headers: Headers) -> Caller | None:
        """Return who calls; None when no header says it, or two say it."""
        users = _values(headers, self.user_headers)
        if len(users) != 1 or not users[0]:
            return None
        uids = _values(headers, self.uid_headers)
        extra: dict[str, list[str]] = {}
        for prefix in self.extra_prefixes:
            for name, value in headers.items():
                if name.startswith(prefix.lower()):
                    extra.setdefault(unquote(name[len(prefix) :]), []).append(value)
        return Caller(
            users[0],
            uids[0] if uids else "",
            tuple(_values(headers, self.group_headers)),
            tuple(sorted((key, tuple(values)) for key, values in extra.items())),
        )


def read_front_proxy(data: Mapping[str, str]) -> FrontProxy:
    """Read the ConfigMap's data. Raises NoFrontProxy when it does not say whom to believe."""
    authority = data.get("requestheader-client-ca-file")
    users = _list(data, "requestheader-username-headers")
    if not isinstance(authority, str) or not authority or not users:
        raise NoFrontProxy(
            f"the ConfigMap {NAMESPACE}/{CONFIG_MAP} names no authority of a front proxy: this "
            "API server has no aggregation layer (--requestheader-client-ca-file)"
        )
    return FrontProxy(
        authority,
        _list(data, "requestheader-allowed-names"),
        users,
        _list(data, "requestheader-group-headers"),
        _list(data, "requestheader-uid-headers"),
        _list(data, "requestheader-extra-headers-prefix"),
    )


def _list(data: Mapping[str, str], key: str) -> tuple[str, ...]:
    # A list that cannot be read is not taken for an empty one: without names, any name would do.
    try:
        return tuple(_NAMES.validate_python(read_strict_json(data.get(key) or "[]")))
    except (ValueError, TypeError) as error:
        raise NoFrontProxy(f"{key} in {NAMESPACE}/{CONFIG_MAP} is no list of names") from error


def _values(headers: Headers, names: Sequence[str]) -> list[str]:
    """Return the values of the first of these headers that is there."""
    found = (headers.getlist(name) for name in names)
    return next((values for values in found if values), [])
