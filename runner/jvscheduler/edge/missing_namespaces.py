"""The watched namespaces that do not exist: each is named in the log once, until it is back."""

import logging

_log = logging.getLogger(__name__)


class MissingNamespaces:
    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()

    def add(self, namespace: str) -> None:
        if namespace not in self.names:
            self.names |= {namespace}
            _log.warning(
                "the namespace %s does not exist: it is set aside, and all others are served. When "
                "it is there again, with its Roles by `helm upgrade`, it is served too",
                namespace,
            )

    def found(self, namespace: str) -> None:
        if namespace in self.names:
            self.names -= {namespace}
            _log.warning("the namespace %s is there again, and is served", namespace)
