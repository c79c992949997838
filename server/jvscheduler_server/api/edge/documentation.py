"""`/docs`: the OpenAPI document as a plain page.

FastAPI's own page loads its scripts from other hosts. Many clusters cannot reach those, and
whoever controls one of them could act as the reader. This page has no script at all.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from html import escape
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from jvscheduler_server.api.edge.headers import CONTENT_SECURITY_POLICY, NOTHING

_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code,h2{font-family:ui-monospace,monospace}table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #8886;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    ":root{color-scheme:light dark}"
)
_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY: Final = f"{NOTHING}; style-src 'sha256-{_DIGEST}'"

Json = Mapping[str, Any]


def install(app: FastAPI) -> None:
    async def docs(_: Request) -> HTMLResponse:
        return HTMLResponse(page(app.openapi()), headers={CONTENT_SECURITY_POLICY: POLICY})

    app.add_route("/docs", docs, include_in_schema=False)


def page(document: Json) -> str:
    """Return the page of an OpenAPI document."""
    title = escape(document["info"]["title"])
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>",
        f"<style>{_STYLE}</style><h1>{title} {escape(document['info']['version'])}</h1>",
        f"<p>{_text(document['info'].get('description'))} "
        'The whole description is the <a href="openapi.json">OpenAPI document</a>.</p>',
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts += _operation(f"{method.upper()} {path}", operation)
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        parts += _schema(name, schema)
    return "\n".join(parts)


def _operation(heading: str, operation: Json) -> Iterator[str]:
    yield f"<h2>{escape(heading)}</h2><p>{_text(operation.get('description'))}</p>"
    parameters = operation.get("parameters", ())
    yield _table(
        ("parameter", "type", "default", "meaning"),
        [(each["name"], *_described(each["schema"], each)) for each in parameters],
    )
    yield _table(
        ("answer", "meaning", "body"),
        [
            (status, HTTPStatus(int(status)).phrase, ", ".join(map(_body, _contents(response))))
            for status, response in operation["responses"].items()
        ],
    )


def _schema(name: str, schema: Json) -> Iterator[str]:
    yield f'<h2 id="{escape(name)}">{escape(name)}</h2><p>{_text(schema.get("description"))}</p>'
    properties = schema.get("properties", {})
    yield _table(
        ("field", "type", "default", "meaning"),
        [(field, *_described(each, each)) for field, each in properties.items()],
    )


def _described(schema: Json, described: Json) -> tuple[str, str, str]:
    default = schema.get("default")
    return _type(schema), "" if default is None else str(default), described.get("description", "")


def _contents(response: Json) -> Iterator[Json]:
    return iter(response.get("content", {}).values())


def _body(content: Json) -> str:
    return _type(content.get("schema", {}))


def _type(schema: Json) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    inner = f" of {_type(schema['items'])}" if "items" in schema else ""
    return f"{schema.get('type', 'anything')}{inner}"


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    lines = ["".join(f"<td>{_text(cell)}</td>" for cell in row) for row in rows]
    head = "".join(f"<th>{name}</th>" for name in heads)
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _text(text: str | None) -> str:
    """Return the text as HTML. What stands in backticks becomes code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text or ""))
