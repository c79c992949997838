"""One pass over one namespace: its part of the history is made or repaired in the database.

It is repeated while the namespace has tasks. When the last task is gone, role and
history stay: nobody has said that the history may go.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.database.isolation import Isolation
from jvscheduler_operator.database.roles import NamespaceRoles, RoleNotMade
from jvscheduler_operator.namespaces.decide import AGAIN, Attempts, report
from jvscheduler_operator.objects.manifests import NamespaceKey

_logger = logging.getLogger(__name__)


class NamespaceReconciler:
    def __init__(
        self,
        cache: Cache,
        isolation: Isolation,
        roles: NamespaceRoles,
        clock: Callable[[], datetime],
    ) -> None:
        self._cache = cache
        self._isolation = isolation
        self._roles = roles
        self._clock = clock
        self._attempts: dict[str, Attempts] = {}

    def is_new(self, namespace: str) -> bool:
        """True when no pass over the namespace has been asked for. Then `begin` must follow."""
        return namespace not in self._attempts

    def begin(self, namespace: str) -> None:
        self._attempts[namespace] = Attempts()

    async def reconcile(self, key: NamespaceKey) -> timedelta | None:
        """Returns when to look again; None when the namespace has no tasks.

        Raises RoleNotMade. What the namespace's tasks report of it is in the cache.
        """
        namespace = key.namespace
        if not self._cache.tasks.has_tasks_in(namespace):
            self._attempts.pop(namespace, None)
            self._cache.history_failures.pop(namespace, None)
            return None
        attempts = self._attempts.get(namespace, Attempts())
        try:
            await self._roles.make(namespace, self._isolation.password_of(namespace))
        except RoleNotMade as error:
            now = self._clock()
            self._attempts[namespace] = attempts.failed(now)
            self._set_failure(namespace, report(self._attempts[namespace], str(error), now))
            raise
        if not attempts.was_made:
            text = "The history of namespace %s has a role of its own"
            _logger.info(text, namespace, extra={"namespace": namespace})
        self._attempts[namespace] = attempts.succeeded()
        self._set_failure(namespace, None)
        return AGAIN

    def _set_failure(self, namespace: str, failure: str | None) -> None:
        if failure is None:
            self._cache.history_failures.pop(namespace, None)
        else:
            self._cache.history_failures[namespace] = failure
