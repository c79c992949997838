"""The snippets of the page on history and entities run as they are, in one database."""

import ast
import asyncio
import inspect
import re
from typing import Any

import pytest
from jvspatial.core.context import GraphContext, set_default_context
from jvspatial.db.database import Database

from jvscheduler.history.backends.registry import open_database
from jvscheduler.history.queries import groups, parsing, pipeline, updates
from jvscheduler.history.urls import parse_url
from tests.support.readme import ROOT

PAGE = (ROOT / "docs/reference/history.md").read_text()


def test_the_snippets_run(postgres_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = open_database(parse_url(postgres_url), connections=2, timeout=10)
    asyncio.run(_run(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL), made))
    assert capsys.readouterr().out == "0 [] 0\n"


async def _run(snippets: list[str], opened: Any) -> None:
    set_default_context(GraphContext(opened))
    names: dict[str, Any] = {"__name__": "snippets"}
    for snippet in snippets:
        code = compile(snippet, "history.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, names)  # noqa: S307 - our own page
        if inspect.isawaitable(result):
            await result
    await opened.close()
    assert isinstance(names["MemoryDatabase"](), Database)


def test_the_page_names_all_operators() -> None:
    known = set(re.findall(r'"(\$\w+)"', "".join(map(inspect.getsource, MODULES))))
    assert known == set(re.findall(r"\$[a-zA-Z]+", PAGE)) - {"$context"}


MODULES = (groups, parsing, pipeline, updates)
