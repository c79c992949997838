"""Answers of the Kubernetes API become errors. The server here gives any answer."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from jvscheduler_operator.cluster.errors import (
    Conflict,
    DryRunUnsupported,
    NotFound,
    Rejected,
    Unavailable,
)
from jvscheduler_operator.cluster.kubernetes import KubernetesCluster
from jvscheduler_operator.objects.manifests import Key
from tests.support.operator.objects import foreign_cron_job

KEY = Key("shop", "restock")


@dataclass(frozen=True)
class Case:
    name: str
    status: int
    expected: type[Exception]
    text: str = '{"message": "so it is"}'
    headers: dict[str, str] = field(default_factory=dict)
    retry_after: float = 0.0


CASES = [
    Case("away behind a proxy", 503, Unavailable, "<html>so it is</html>"),
    Case("overloaded", 429, Unavailable, headers={"Retry-After": "7"}, retry_after=7),
    Case("an odd wait", 429, Unavailable, headers={"Retry-After": "soon"}),
    Case("a token that has expired", 401, Unavailable),
    Case("a list that has expired", 410, Unavailable),
    Case("a failure of the store", 500, Unavailable),
    Case(
        "a manifest that does not fit",
        500,
        Rejected,
        '{"message": "failed to create typed patch object: so it is"}',
    ),
    Case(
        "a value that does not fit",
        500,
        Rejected,
        '{"message": "failed to convert new object (shop/restock; batch/v1, Kind=CronJob) to '
        'proper version: so it is"}',
    ),
    Case(
        "a webhook that refuses with the status of a conflict",
        409,
        Rejected,
        '{"message": "admission webhook \\"a.shop.test\\" denied the request: so it is"}',
    ),
    Case(
        "a webhook that refuses with the status of an expired token",
        401,
        Rejected,
        '{"message": "admission webhook \\"a.shop.test\\" denied the request: so it is"}',
    ),
    Case(
        "a webhook without dry runs",
        400,
        DryRunUnsupported,
        '{"message": "admission webhook \\"a.shop.test\\" does not support dry run: so it is"}',
    ),
    Case("too large", 413, Rejected),
    Case("a webhook that does not answer", 504, Unavailable),
    Case("forbidden", 403, Rejected),
    Case("invalid", 422, Rejected),
    Case("a conflict", 409, Conflict),
    Case("gone", 404, NotFound),
]


@asynccontextmanager
async def answering(case: Case, folder: Path) -> AsyncIterator[KubernetesCluster]:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=case.status, text=case.text, headers=case.headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        cluster = await KubernetesCluster.connect(kubeconfig(folder, runner.addresses[0][1]))
        try:
            yield cluster
        finally:
            await cluster.close()
    finally:
        await runner.cleanup()


def kubeconfig(folder: Path, port: int) -> str:
    entry = {"cluster": "c", "user": "u"}
    path = folder / "kubeconfig"
    path.write_text(
        yaml.safe_dump(
            {
                "current-context": "x",
                "contexts": [{"name": "x", "context": entry}],
                "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
                "users": [{"name": "u", "user": {"token": "t"}}],
            }
        )
    )
    return str(path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_answer_becomes_its_error(case: Case, tmp_path: Path) -> None:
    async def apply() -> None:
        async with answering(case, tmp_path) as cluster:
            await cluster.apply_cron_job(foreign_cron_job(), force=False)

    with pytest.raises(case.expected, match="so it is") as raised:
        asyncio.run(apply())
    assert type(raised.value) is case.expected
    assert getattr(raised.value, "retry_after", 0.0) == case.retry_after


def test_an_absent_cron_job_is_none(tmp_path: Path) -> None:
    async def get() -> object:
        async with answering(Case("", 404, NotFound), tmp_path) as cluster:
            return await cluster.cron_job(KEY)

    assert asyncio.run(get()) is None


def test_a_good_answer_is_plain_json(tmp_path: Path) -> None:
    stored = foreign_cron_job()

    async def get() -> object:
        case = Case("", 200, NotFound, json.dumps(stored))
        async with answering(case, tmp_path) as cluster:
            return await cluster.cron_job(KEY)

    assert asyncio.run(get()) == stored
