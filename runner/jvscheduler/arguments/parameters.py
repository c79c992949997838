"""The parameters that `args` may name, and those that it must, without their types.

It reads a function's code, and not its signature, which takes longer: an application may decorate
ten thousand functions.
"""

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from jvscheduler.errors import InvalidArgs

_BY_NAME: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Parameters:
    names: tuple[str, ...]
    """Those that can be passed by name, and so by `args`."""
    required: tuple[str, ...]
    """Those without a default. Some of them may have no name that a caller can use."""


def parameters_of(target: Any) -> Parameters:
    """The parameters of a function, or the fields of a Walker class that are its own.

    Those that a partial has bound are its own business.
    """
    if isinstance(target, partial):
        return _of_partial(target)
    if isinstance(target, type):
        return _of_walker(target)
    code = getattr(target, "__code__", None)
    if code is None:
        return _of_signature(target)
    end = code.co_argcount + code.co_kwonlyargcount
    names = code.co_varnames[code.co_posonlyargcount : end]
    # A wrapper takes any arguments, and hands them to the function that it wraps.
    if hasattr(target, "__wrapped__"):
        names = _of_signature(target).names
    return Parameters(names, _required(target, code))


def check_names(target: Any, label: str, args: Mapping[str, Any]) -> None:
    """Raises InvalidArgs for a name that is no parameter, and for a parameter that is missing."""
    known = parameters_of(target)
    kind = "fields" if isinstance(function_of(target), type) else "arguments"
    unknown = [name for name in args if name not in known.names]
    if unknown:
        has = f"it has {', '.join(known.names)}" if known.names else "it has none"
        raise InvalidArgs(f"args: {label} has no {', '.join(unknown)} among its {kind}; {has}")
    needed = [name for name in known.required if name not in args]
    if unnamed := [name for name in needed if name not in known.names]:
        raise InvalidArgs(
            f"{label} takes {', '.join(unnamed)} by position only, and args pass values by name: "
            "remove the '/'"
        )
    if needed:
        example = ", ".join(f"'{name}': …" for name in needed)
        raise InvalidArgs(
            f"{label} requires the {kind} {', '.join(needed)}: "
            f"give on_schedule(…, args={{{example}}}), or give them defaults"
        )


def own_fields(cls: Any) -> Mapping[str, Any]:
    """The fields of a Walker class that jvspatial's own class does not have."""
    base = next((base for base in cls.__mro__[1:] if is_walker(base)), None)
    inherited: Iterable[str] = getattr(base, "model_fields", {})
    fields: Mapping[str, Any] = getattr(cls, "model_fields", {})
    return {name: field for name, field in fields.items() if name not in inherited}


def is_walker(cls: type) -> bool:
    """True for jvspatial's own class. It is known by its name, because its import is slow."""
    return cls.__name__ == "Walker" and cls.__module__.partition(".")[0] == "jvspatial"


def function_of(target: Any) -> Any:
    """The function or class that a partial calls in the end."""
    while isinstance(target, partial):
        target = target.func
    return target


def _of_partial(target: "partial[Any]") -> Parameters:
    known, bound = parameters_of(target.func), set(target.keywords)
    if target.args and (known.names or known.required):
        left = inspect.signature(target).parameters
        bound |= {*known.names, *known.required} - set(left)
    return Parameters(
        tuple(name for name in known.names if name not in bound),
        tuple(name for name in known.required if name not in bound),
    )


def _of_walker(cls: type) -> Parameters:
    fields = own_fields(cls)
    return Parameters(tuple(fields), tuple(name for name in fields if fields[name].is_required()))


def _of_signature(target: Any) -> Parameters:
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):  # a function of C may have none
        return Parameters((), ())
    found = [p for p in signature.parameters.values() if p.kind in _BY_NAME]
    required = tuple(p.name for p in found if p.default is inspect.Parameter.empty)
    return Parameters(tuple(p.name for p in found), required)


def _required(function: Any, code: Any) -> tuple[str, ...]:
    positional = code.co_varnames[: code.co_argcount]
    keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    without = positional[: len(positional) - len(function.__defaults__ or ())]
    defaults = function.__kwdefaults__ or {}
    return (*without, *(name for name in keywords if name not in defaults))
