"""Why the dashboard cannot answer, in words that name the fix. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, Final

from jvscheduler.edge.bounded_json import read_json
from jvscheduler_server.access.refusals import Forbidden, Refused
from jvscheduler_server.aggregation.application import GROUP, VERSION

MAX_MESSAGE: Final = 300
"""Characters of what the API server says that a problem repeats."""


class Misdirected(Refused):
    """The request is for another host."""

    status = HTTPStatus.MISDIRECTED_REQUEST


class NoSession(Refused):
    """The request is not of the user who started the dashboard, as far as it shows."""

    # Without `WWW-Authenticate`: a browser would ask for a password.
    status = HTTPStatus.UNAUTHORIZED


class NotLoggedIn(Refused):
    """The API server does not accept the kubeconfig's login."""

    status = HTTPStatus.BAD_GATEWAY


class NotServed(Refused):
    """The cluster does not have the API in its own."""

    status = HTTPStatus.BAD_GATEWAY


class Unavailable(Refused):
    """Nobody answers: neither the API server, nor the server behind it."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "5"}


@dataclass(frozen=True)
class Place:
    """Where the dashboard asks, as its messages name it."""

    context: str
    namespace: str
    """Of the chart's release."""

    def not_served(self) -> NotServed:
        return NotServed(
            f"the cluster of the context {self.context} does not serve {GROUP}: the chart is not "
            "installed there, or with auth.aggregation=false. Without it, reach the server by "
            f"`kubectl --namespace {self.namespace} port-forward svc/jvscheduler-server 8080` and "
            "http://localhost:8080; what to send there is in docs/reference/api.md"
        )

    def no_answer(self, error: Exception) -> Unavailable:
        text = str(error) or type(error).__name__
        return Unavailable(
            f"the API server of the context {self.context} does not answer: {text[:MAX_MESSAGE]}"
        )

    def explain(self, status: int, text: str) -> Refused:
        """Return what an error means that the API server itself answered."""
        message = message_of(text)
        if status == HTTPStatus.UNAUTHORIZED:
            return NotLoggedIn(
                f"the API server does not accept the login of the context {self.context}: "
                f"{message}. Log in again, as for kubectl"
            )
        if status == HTTPStatus.FORBIDDEN:
            return Forbidden(
                f"{message}. The chart lets everybody read {GROUP} who has logged in, by the "
                "ClusterRoleBinding jvscheduler-api"
            )
        if status == HTTPStatus.NOT_FOUND:
            return self.not_served()
        return Unavailable(
            f"jvscheduler-server does not answer behind the API server ({status}: {message}). "
            f"`kubectl --namespace {self.namespace} get pods` and `kubectl get apiservice "
            f"{VERSION}.{GROUP}` say why"
        )


def message_of(text: str) -> str:
    """Return the message of a Status of Kubernetes, or the text itself."""
    try:
        status = read_json(text.encode())
    except ValueError:
        status = None
    said = status.get("message") if isinstance(status, dict) else None
    return " ".join(str(said or text).split())[:MAX_MESSAGE].rstrip(".")
