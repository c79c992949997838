"""The values of Secrets and ConfigMaps on a developer's machine, from a file in TOML.

[secrets.mailer]
SMTP_PASSWORD = "for my own machine"

[config_maps.shop]
CURRENCY = "EUR"
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from jvscheduler import environment
from jvscheduler.edge.toml_files import read_toml
from jvscheduler.errors import InvalidSettings

ByName: TypeAlias = Mapping[str, Mapping[str, str]]

_KINDS: Final = ("secrets", "config_maps")


@dataclass(frozen=True)
class PodValues:
    """By the name of the object: its keys with their values. `repr` shows none of them."""

    secrets: ByName = field(default_factory=dict, repr=False)
    config_maps: ByName = field(default_factory=dict, repr=False)


def pod_values(path: str | None, environ: Mapping[str, str]) -> PodValues:
    """The values in this file, else in the one that the environment names; else none.

    Raises InvalidSettings, whose message shows no value.
    """
    name = path or environ.get(environment.SECRETS_FILE)
    if not name:
        return PodValues()
    source = "--secrets-file" if path else environment.SECRETS_FILE
    try:
        found = read_toml(Path(name))
    except OSError as error:
        raise InvalidSettings(f"{source} {name}: {error.strerror or error}") from None
    except ValueError as error:
        raise InvalidSettings(f"{source} {name} is no TOML: {error}") from None
    return PodValues(**_kinds(found, f"{source} {name}"))


def _kinds(found: Mapping[str, Any], where: str) -> dict[str, ByName]:
    for kind, objects in found.items():
        if kind not in _KINDS or not isinstance(objects, dict):
            raise InvalidSettings(
                f"{where} has {kind}: expected tables such as [secrets.mailer] and "
                "[config_maps.shop]"
            )
        for name, values in objects.items():
            if not isinstance(values, dict):
                raise InvalidSettings(f"{where}: {kind}.{name} must be a table, [{kind}.{name}]")
            for key, value in values.items():
                if not isinstance(value, str) or "\0" in value or not key or "=" in key:
                    raise InvalidSettings(
                        f"{where}: {kind}.{name}.{key} must be a variable with a text in quotes"
                    )
    return dict(found)
