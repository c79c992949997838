"""Which options a decorator states, also at their built-in defaults.

A default of the project takes the place of an option that the decorator leaves out, and of
none that it states.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def with_stated(function: Callable[Concatenate[frozenset[str], P], R]) -> Callable[P, R]:
    """Give the function the names of its keyword arguments as its first argument."""
    signature = inspect.signature(function)
    own = list(signature.parameters.values())[1:]

    @wraps(function)
    def wrapper(*args: P.args, **options: P.kwargs) -> R:
        return function(frozenset(options), *args, **options)

    wrapper.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]
    return wrapper
