"""Tells whether an exception is one of `no_retry_on`, which has names and no classes."""

import sys
from collections.abc import Sequence
from typing import Any, Final

_BUILTIN: Final = "builtins."


def is_named(error: BaseException, names: Sequence[str]) -> bool:
    """True when a name is that of the error's class, or of one of its base classes.

    A name may be another one than where the class is defined: `requests.HTTPError` is defined in
    `requests.exceptions`.
    """
    own = {_name_of(cls) for cls in type(error).__mro__} if names else set()
    return any(n.removeprefix(_BUILTIN) in own or isinstance(error, _found(n)) for n in names)


def _name_of(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}".removeprefix(_BUILTIN)


def _found(name: str) -> Any:
    """Return what the name means in the modules that are imported; () when it is no class."""
    module, _, attribute = name.rpartition(".")
    found = vars(sys.modules[module]).get(attribute) if module in sys.modules else None
    return found if isinstance(found, type) else ()
