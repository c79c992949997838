"""The changes of an import: noted, taken back, and made again."""

import logging
import sys
import textwrap
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from jvscheduler.worker.effects.imports import ImportedModules
from jvscheduler.worker.effects.state import changes, read_state, take_back

Importer = Callable[..., ImportedModules]


@pytest.fixture
def importing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Importer:
    monkeypatch.syspath_prepend(tmp_path)

    def imported(name: str, **modules: str) -> ImportedModules:
        for each, text in modules.items():
            (tmp_path / f"{each}.py").write_text(textwrap.dedent(text))
            monkeypatch.delitem(sys.modules, each, raising=False)
        found = ImportedModules()
        found.import_here(name)
        return found

    return imported


def made(modules: ImportedModules, module: str) -> set[str]:
    run = modules.for_run(module)
    return {change.kind.name for change in run.changes} if run is not None else set()


def test_an_import_leaves_no_change_and_its_runs_have_it(importing: Importer) -> None:
    before = read_state()
    modules = importing("effects_one", effects_one="import os; os.environ['EFFECT'] = 'set'")
    assert changes(before, read_state()) == []
    assert made(modules, "effects_one") == {"the environment"}
    assert made(modules, "another") == set()


def test_an_import_that_fails_leaves_no_change(importing: Importer) -> None:
    before = read_state()
    with pytest.raises(ZeroDivisionError):
        importing("effects_fails", effects_fails="import os; os.umask(0o123); 1 / 0")
    assert changes(before, read_state()) == []


def test_an_import_that_was_tried_twice_has_the_changes_of_both(importing: Importer) -> None:
    modules = importing(
        "effects_outer",
        effects_outer="""
            try:
                import effects_twice
            except ImportError:
                import effects_twice
        """,
        effects_twice="""
            import sys
            import effects_inner
            if not hasattr(sys, "effects_tried"):
                sys.effects_tried = True
                raise ImportError
            del sys.effects_tried
        """,
        effects_inner="import os; os.umask(0o123)",
    )
    assert made(modules, "effects_outer") == {"the umask"}


def test_what_a_run_has_loaded_itself_is_no_change(importing: Importer) -> None:
    text = "import decimal, tempfile; decimal.getcontext(); tempfile.tempdir = tempfile.tempdir"
    assert made(importing("effects_quiet", effects_quiet=text), "effects_quiet") == set()


@dataclass(frozen=True)
class Elements:
    before: list[str]
    changed: list[str]
    """The list after the import, which found it as it was before."""
    run: list[str]
    """The list that a run finds."""
    made: list[str]


@pytest.mark.parametrize(
    "case",
    [
        Elements(["a"], ["x", "a", "y"], ["a", "b"], ["x", "a", "b", "y"]),
        Elements(["a", "b"], ["b"], ["a", "b", "c"], ["b", "c"]),
        Elements(["a"], ["x"], ["a", "b"], ["b", "x"]),
        Elements([], ["x"], ["a"], ["x", "a"]),
        Elements(["a"], ["x", "a"], ["x", "a"], ["x", "a"]),
    ],
    ids=str,
)
def test_a_change_of_a_list_leaves_the_elements_of_others(
    case: Elements, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", list(case.before))
    before = read_state()
    sys.argv[:] = case.changed
    (change,) = changes(before, read_state())
    sys.argv[:] = case.run
    change.make()
    assert sys.argv == case.made


def test_loggers_know_at_once_for_which_levels_they_are_enabled() -> None:
    logger = logging.getLogger("effects.test")
    assert not logger.isEnabledFor(logging.DEBUG)
    before = read_state()
    logger.setLevel(logging.DEBUG)
    assert logger.isEnabledFor(logging.DEBUG)
    assert take_back(before) == []
    assert not logger.isEnabledFor(logging.DEBUG)


def test_the_filters_of_warnings_count_at_once() -> None:
    with warnings.catch_warnings():
        before = read_state()
        warnings.simplefilter("error")
        assert take_back(before) == []
        with warnings.catch_warnings(record=True):
            warnings.warn("no error", stacklevel=1)
