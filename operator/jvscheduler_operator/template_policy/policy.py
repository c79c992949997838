"""The installation's policy for templates: its level, and the service accounts that it allows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from jvscheduler_operator.template_policy import baseline, beyond, restricted
from jvscheduler_operator.template_policy.parts import Pod, shown
from jvscheduler_operator.template_policy.violation import Violation

Rule = Callable[[Pod], Iterable[Violation]]

BASELINE: Final[Sequence[Rule]] = (
    baseline.host_process,
    baseline.host_namespaces,
    baseline.privileged,
    baseline.capabilities,
    baseline.host_path,
    baseline.host_ports,
    baseline.host_probes,
    baseline.app_armor,
    baseline.se_linux,
    baseline.proc_mount,
    baseline.seccomp,
    baseline.sysctls,
)
"""The controls of the Pod Security Standard `baseline`."""

RESTRICTED: Final[Sequence[Rule]] = (
    *(rule for rule in BASELINE if rule is not baseline.capabilities),
    restricted.volume_types,
    restricted.privilege_escalation,
    restricted.non_root,
    restricted.non_root_user,
    restricted.seccomp_is_set,
    restricted.capabilities_are_dropped,
)
"""Those of `restricted`. Its rule of capabilities says what that of `baseline` says, and more."""

BEYOND: Final[Sequence[Rule]] = (
    beyond.node_name,
    beyond.priority_class,
    beyond.mounted_token,
    beyond.projected_credentials,
)
"""What neither standard says. It holds with both."""


ALWAYS: Final[Sequence[Rule]] = (beyond.loop_volumes, beyond.shared_processes)
"""What keeps the token of the container `loop` from everybody else in its pod."""


class Level(StrEnum):
    """The values of `policy.podTemplates`."""

    RESTRICTED = "restricted"
    BASELINE = "baseline"
    ANY = "any"


_RULES: Final[Mapping[Level, Sequence[Rule]]] = {
    Level.RESTRICTED: (*RESTRICTED, *BEYOND, *ALWAYS),
    Level.BASELINE: (*BASELINE, *BEYOND, *ALWAYS),
    Level.ANY: ALWAYS,
}


@dataclass(frozen=True)
class TemplatePolicy:
    """Without arguments, the one that an installation has by default."""

    level: Level = Level.RESTRICTED
    allowed_service_accounts: frozenset[str] = frozenset()
    """Each is a name, in any namespace, or `namespace/name`."""

    def violations(self, pod: Pod) -> Iterator[Violation]:
        """What the policy forbids in a pod, in the order of the rules.

        The pod is the user's template over the operator's own pod: what that one sets by itself
        counts.
        """
        for rule in _RULES[self.level]:
            yield from rule(pod)
        if self.level is not Level.ANY:
            yield from self._service_account(pod)

    def _service_account(self, pod: Pod) -> Iterator[Violation]:
        # A loop has a token of its pod's account, and an account may have a cloud's rights.
        for field in ("serviceAccountName", "serviceAccount"):
            name = pod.spec.get(field)
            if name in (None, "", "default") or self._is_allowed(name, pod.namespace):
                continue
            message = (
                f"the service account {shown(name)} is not in the installation's "
                "policy.allowedServiceAccounts"
            )
            yield Violation(pod.spec.path_of(field), message)

    def _is_allowed(self, name: Any, namespace: str) -> bool:
        return bool({str(name), f"{namespace}/{name}"} & self.allowed_service_accounts)


DEFAULT_POLICY: Final = TemplatePolicy()
