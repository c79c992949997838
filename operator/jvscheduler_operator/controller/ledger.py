"""Which namespaces have got their Secret from this process, and who still has to see to it.

One task's key takes on its namespace, and only that one tries again after a
failure: the others would repeat the same refusal.
"""

from jvscheduler_operator.objects.manifests import Key


class SecretLedger:
    def __init__(self) -> None:
        self._claims: dict[str, Key] = {}
        self._done: set[str] = set()

    def claim(self, key: Key) -> bool:
        """Whether this key has to see to its namespace's Secret now."""
        if key.namespace in self._done:
            return False
        return self._claims.setdefault(key.namespace, key) == key

    def done(self, key: Key) -> None:
        self._done.add(key.namespace)

    def release(self, key: Key) -> None:
        """The key's task is gone: another one of the namespace may take its place."""
        if self._claims.get(key.namespace) == key:
            del self._claims[key.namespace]
            self._done.discard(key.namespace)
