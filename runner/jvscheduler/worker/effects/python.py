"""The settings that Python and its own library keep for a process.

`random`, `decimal`, `ssl` and some more are read only when they are imported: the worker itself
needs none of them.
"""

import contextlib
import contextvars
import faulthandler
import gc
import logging
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, Final

from jvscheduler.worker.effects.kinds import DEFAULT, Kind, WorkersFinder, one


def _switch(on: Callable[[], object], off: Callable[[], object]) -> Callable[[Any], object]:
    return lambda value: on() if value else off()


def _set_filters(filters: Sequence[Any]) -> None:
    warnings.filters[:] = filters  # type: ignore[index]
    # Python forgets what it knows of the filters when such a block ends.
    with warnings.catch_warnings():
        pass


def _finders() -> Sequence[Any]:
    return [each for each in sys.meta_path if not isinstance(each, WorkersFinder)]


def _set_finders(finders: Sequence[Any]) -> None:
    ours = [each for each in sys.meta_path if isinstance(each, WorkersFinder)]
    sys.meta_path[:] = [*ours, *finders]


def _set_list(name: str) -> Callable[[Any], None]:
    def write(value: Any) -> None:
        getattr(sys, name)[:] = value

    return write


# --- attributes of Python's own modules ---

_ATTRIBUTES: Final = (
    ("sys", "stdin"),
    ("sys", "stdout"),
    ("sys", "stderr"),
    ("sys", "excepthook"),
    ("sys", "unraisablehook"),
    ("sys", "displayhook"),
    ("sys", "breakpointhook"),
    ("sys", "dont_write_bytecode"),
    ("threading", "excepthook"),
    ("warnings", "showwarning"),
    ("warnings", "formatwarning"),
    ("logging", "raiseExceptions"),
    ("logging", "lastResort"),
    ("logging", "_loggerClass"),
    ("logging", "_logRecordFactory"),
    ("asyncio.events", "_event_loop_policy"),
    ("tempfile", "tempdir"),
    ("ssl", "_create_default_https_context"),
    ("multiprocessing.context", "_default_context._actual_context"),
)


def _owner(module: str, attribute: str) -> tuple[Any, str]:
    *holders, name = attribute.split(".")
    owner: Any = sys.modules[module]
    for holder in holders:
        owner = getattr(owner, holder)
    return owner, name


def _attributes() -> Mapping[Hashable, Any]:
    found: dict[Hashable, Any] = {}
    for module, attribute in _ATTRIBUTES:
        if module in sys.modules:
            # A module in the middle of its own import lacks them.
            with contextlib.suppress(AttributeError):
                owner, name = _owner(module, attribute)
                found[module, attribute] = getattr(owner, name)
    return found


def _write_attribute(which: tuple[str, str], value: Any) -> None:
    owner, name = _owner(*which)
    setattr(owner, name, value)


# --- logging ---


def _loggers() -> Iterator[logging.Logger]:
    """Yield those with settings of their own. There may be hundreds, and most have none."""
    yield logging.root
    for each in logging.root.manager.loggerDict.values():
        if isinstance(each, logging.Logger) and (
            each.level or each.handlers or each.filters or each.disabled or not each.propagate
        ):
            yield each


def _logger_defaults(logger: logging.Logger) -> Mapping[str, Any]:
    level = logging.WARNING if logger is logging.root else logging.NOTSET
    return {"level": level, "propagate": True, "disabled": False}


def _logger_settings() -> Mapping[Hashable, Any]:
    found: dict[Hashable, Any] = {(None, "disable"): logging.root.manager.disable}
    for logger in _loggers():
        for attribute, default in _logger_defaults(logger).items():
            if (value := getattr(logger, attribute)) != default:
                found[logger, attribute] = value
    return found


def _write_logger_setting(which: tuple[logging.Logger | None, str], value: Any) -> None:
    logger, attribute = which
    if logger is None:
        logging.disable(value)
        return
    value = _logger_defaults(logger)[attribute] if value is DEFAULT else value
    setattr(logger, attribute, value)
    # A logger remembers for which levels it is enabled. To set a level makes all of them forget.
    logging.Logger.setLevel(logger, logger.level)


def _logger_lists() -> Mapping[Hashable, Any]:
    return {
        (logger, attribute): list(elements)
        for logger in _loggers()
        for attribute in ("handlers", "filters")
        if (elements := getattr(logger, attribute))
    }


def _write_logger_list(which: tuple[logging.Logger, str], value: Any) -> None:
    logger, attribute = which
    getattr(logger, attribute)[:] = value


# --- decimal, random, context variables ---

_DECIMAL: Final = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp", "traps")
_DECIMAL_VARIABLE: Final = "decimal_context"


def _decimal_contexts() -> Mapping[str, Any]:
    decimal = sys.modules.get("decimal")
    if decimal is None or not hasattr(decimal, "DefaultContext"):
        return {}
    return {"current": decimal.getcontext(), "default": decimal.DefaultContext}


def _decimal() -> Mapping[Hashable, Any]:
    return {
        (name, attribute): dict(value) if attribute == "traps" else value
        for name, context in _decimal_contexts().items()
        for attribute in _DECIMAL
        for value in [getattr(context, attribute)]
    }


def _write_decimal(which: tuple[str, str], value: Any) -> None:
    name, attribute = which
    setattr(_decimal_contexts()[name], attribute, value)


def _random_states() -> Mapping[Hashable, Any]:
    found: dict[Hashable, Any] = {}
    if hasattr(sys.modules.get("random"), "getstate"):
        found["random"] = sys.modules["random"].getstate()
    if hasattr(sys.modules.get("numpy.random"), "get_state"):
        kind, keys, *rest = sys.modules["numpy.random"].get_state()
        found["numpy.random"] = (kind, tuple(keys.tolist()), *rest)
    return found


def _write_random_state(which: str, value: Any) -> None:
    if which == "random":
        sys.modules["random"].setstate(value)
    else:
        sys.modules["numpy.random"].set_state(value)


def _variables() -> Mapping[Hashable, Any]:
    found = contextvars.copy_context()
    return {each: value for each, value in found.items() if each.name != _DECIMAL_VARIABLE}


def _write_context_variable(variable: contextvars.ContextVar[Any], value: Any) -> None:
    if value is not DEFAULT:
        variable.set(value)


VARIABLES: Final = Kind("a context variable", _variables, _write_context_variable)
"""One that was not set before cannot be unset. So an import has a context of its own."""
PYTHON: Final = (
    one("the recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    one("the switch interval", sys.getswitchinterval, sys.setswitchinterval),
    one("the digits of an int", sys.get_int_max_str_digits, sys.set_int_max_str_digits),
    one("the trace function", sys.gettrace, sys.settrace),
    one("the profile function", sys.getprofile, sys.setprofile),
    one("the size of a stack", threading.stack_size, threading.stack_size),
    one("the timeout of sockets", socket.getdefaulttimeout, socket.setdefaulttimeout),
    one("garbage collection", gc.isenabled, _switch(gc.enable, gc.disable)),
    one("its thresholds", gc.get_threshold, lambda value: gc.set_threshold(*value)),
    one("its debugging", gc.get_debug, gc.set_debug),
    one(
        "faulthandler", faulthandler.is_enabled, _switch(faulthandler.enable, faulthandler.disable)
    ),
    Kind("an attribute of Python's", _attributes, _write_attribute, begins_late=True),
    Kind("a logger", _logger_settings, _write_logger_setting),
    Kind("a logger's handlers", _logger_lists, _write_logger_list, is_list=True),
    one("the filters of warnings", lambda: list(warnings.filters), _set_filters, is_list=True),
    one("sys.path", lambda: list(sys.path), _set_list("path"), is_list=True),
    one("sys.argv", lambda: list(sys.argv), _set_list("argv"), is_list=True),
    one("sys.path_hooks", lambda: list(sys.path_hooks), _set_list("path_hooks"), is_list=True),
    one("sys.meta_path", _finders, _set_finders, is_list=True),
    Kind("the context of decimal", _decimal, _write_decimal, begins_late=True),
    Kind(
        "the seed of random", _random_states, _write_random_state, begins_late=True, is_random=True
    ),
    VARIABLES,
)
