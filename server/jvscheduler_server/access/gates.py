"""Builds the gate that the settings name."""

import time

from jvscheduler_server.access.access import Gate, OpenGate
from jvscheduler_server.access.kubernetes import KubernetesGate
from jvscheduler_server.access.proxy import ProxyGate
from jvscheduler_server.access.reviews import ReviewApi, Reviews
from jvscheduler_server.access.settings import AccessSettings, Mode


def make_reviews(api: ReviewApi) -> Reviews:
    """Return the answers about callers, which all gates of a server share."""
    return Reviews(api, time.monotonic)


def make_gate(settings: AccessSettings, reviews: Reviews) -> Gate:
    """Return the gate of a cluster's server."""
    if settings.mode is Mode.NONE:
        return OpenGate()
    if settings.proxy is not None:
        return ProxyGate(settings.proxy, reviews)
    return KubernetesGate(reviews)
