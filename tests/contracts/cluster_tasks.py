"""The contract of every `Cluster`: unit tests run it in memory, integration tests for real."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import pytest

from jvscheduler import names
from jvscheduler_operator.cluster.client import Cluster
from jvscheduler_operator.cluster.errors import Conflict, NotFound
from jvscheduler_operator.objects import secrets
from jvscheduler_operator.objects.manifests import Key, Manifest, key_of
from jvscheduler_operator.tasks.decide import decide
from jvscheduler_operator.tasks.plan import State
from tests.support.operator.objects import NOON, YEARLY, foreign_cron_job, task

Put = Callable[[Manifest], Awaitable[Manifest]]


@dataclass(frozen=True)
class Stage:
    """A cluster, and the means to write to it as another client."""

    cluster: Cluster
    put_task: Put
    put_cron_job: Put
    put_pod: Put
    put_job: Put
    namespace: str

    async def new_task(self, name: str, **spec: Any) -> Manifest:
        return await self.put_task(task(name, self.namespace, **spec))

    def key(self, name: str) -> Key:
        return Key(self.namespace, name)


OpenStage = Callable[[], AbstractAsyncContextManager[Stage]]
Scenario = Callable[[Stage], Awaitable[None]]


def run(open_stage: OpenStage, scenario: Scenario) -> None:
    async def opened() -> None:
        async with open_stage() as stage:
            await scenario(stage)

    asyncio.run(opened())


def desired(stored: Manifest) -> Manifest:
    manifest = decide(State(stored, None), NOON).cron_job
    assert manifest is not None
    return manifest


def job_of(task: Key, name: str) -> Manifest:
    """A Job of the task that no controller manages: nobody but the test changes it."""
    template = foreign_cron_job()["spec"]["jobTemplate"]["spec"]["template"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": task.namespace,
            "labels": {names.TASK_LABEL: task.name},
        },
        "spec": {"managedBy": "jvscheduler.dev/nobody", "template": template},
    }


def with_uid(manifest: Manifest, uid: str) -> Manifest:
    return {**manifest, "metadata": {**manifest["metadata"], "uid": uid}}


class ClusterContract:
    """The `open_stage` fixture of a subclass opens a namespace of its own."""

    def test_an_applied_cron_job_is_found(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            stored = await stage.new_task("found")
            applied = await stage.cluster.apply_cron_job(desired(stored), force=False)
            assert await stage.cluster.cron_job(stage.key("found")) == applied
            assert applied["spec"]["schedule"] == YEARLY
            assert await stage.cluster.serves_tasks()

        run(open_stage, scenario)

    def test_applying_the_same_cron_job_again_changes_nothing(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            manifest = desired(await stage.new_task("same"))
            first = await stage.cluster.apply_cron_job(manifest, force=False)
            again = with_uid(manifest, first["metadata"]["uid"])
            second = await stage.cluster.apply_cron_job(again, force=True)
            assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]

        run(open_stage, scenario)

    def test_a_dry_run_changes_nothing(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            stored = await stage.new_task("tried")
            manifest = desired(stored)
            await stage.cluster.apply_cron_job(manifest, force=False, dry_run=True)
            assert await stage.cluster.cron_job(stage.key("tried")) is None
            applied = await stage.cluster.apply_cron_job(manifest, force=False)
            edited = {**stored, "spec": {**stored["spec"], "image": "shop:2"}}
            await stage.cluster.apply_cron_job(desired(edited), force=True, dry_run=True)
            assert await stage.cluster.cron_job(stage.key("tried")) == applied

        run(open_stage, scenario)

    def test_a_dry_run_has_the_same_preconditions(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            stored = await stage.new_task("tried-late")
            manifest = with_uid(desired(stored), "00000000-0000-0000-0000-000000000000")
            with pytest.raises(Conflict):
                await stage.cluster.apply_cron_job(manifest, force=True, dry_run=True)

        run(open_stage, scenario)

    def test_a_change_of_the_spec_is_a_new_generation(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            stored = await stage.new_task("changed")
            first = await stage.cluster.apply_cron_job(desired(stored), force=False)
            edited = {**stored, "spec": {**stored["spec"], "image": "shop:2"}}
            second = await stage.cluster.apply_cron_job(desired(edited), force=True)
            assert second["metadata"]["generation"] == first["metadata"]["generation"] + 1

        run(open_stage, scenario)

    def test_an_absent_cron_job_is_none(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            assert await stage.cluster.cron_job(stage.key("absent")) is None

        run(open_stage, scenario)

    def test_applying_with_an_unknown_uid_is_a_conflict(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            stored = await stage.new_task("gone")
            manifest = with_uid(desired(stored), "00000000-0000-0000-0000-000000000000")
            with pytest.raises(Conflict):
                await stage.cluster.apply_cron_job(manifest, force=True)
            assert await stage.cluster.cron_job(stage.key("gone")) is None

        run(open_stage, scenario)

    def test_without_force_a_foreign_cron_job_is_a_conflict(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            foreign = await stage.put_cron_job(foreign_cron_job("taken", stage.namespace))
            stored = await stage.new_task("taken")
            with pytest.raises(Conflict):
                await stage.cluster.apply_cron_job(desired(stored), force=False)
            after = await stage.cluster.cron_job(stage.key("taken"))
            assert after is not None
            assert after["metadata"]["resourceVersion"] == foreign["metadata"]["resourceVersion"]

        run(open_stage, scenario)

    def test_lists_have_all_tasks_and_the_labelled_cron_jobs(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            stored = await stage.new_task("listed")
            await stage.cluster.apply_cron_job(desired(stored), force=False)
            await stage.put_cron_job(foreign_cron_job("unlisted", stage.namespace))
            tasks, cron_jobs = await stage.cluster.tasks(), await stage.cluster.cron_jobs()
            assert stage.key("listed") in map(key_of, tasks.items)
            assert stage.key("listed") in map(key_of, cron_jobs.items)
            assert stage.key("unlisted") not in map(key_of, cron_jobs.items)
            assert cron_jobs.version >= int(stored["metadata"]["resourceVersion"])

        run(open_stage, scenario)

    def test_the_status_of_a_cron_job_is_patched_at_the_version_seen(
        self, open_stage: OpenStage
    ) -> None:
        async def scenario(stage: Stage) -> None:
            stored = await stage.new_task("anchored")
            seen = await stage.cluster.apply_cron_job(desired(stored), force=False)
            patch = {
                "metadata": {
                    "resourceVersion": seen["metadata"]["resourceVersion"],
                    "annotations": {"shop.test/kept": "yes"},
                },
                "status": {"lastScheduleTime": "2026-03-02T12:00:30Z"},
            }
            patched = await stage.cluster.patch_cron_job_status(stage.key("anchored"), patch)
            assert patched["status"]["lastScheduleTime"] == "2026-03-02T12:00:30Z"
            assert patched["metadata"]["annotations"]["shop.test/kept"] == "yes"
            assert patched["spec"] == seen["spec"]
            with pytest.raises(Conflict):
                await stage.cluster.patch_cron_job_status(stage.key("anchored"), patch)

        run(open_stage, scenario)

    def test_a_status_is_written_once(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            stored = await stage.new_task("reported")
            status = {"observedGeneration": 1, "active": 2}
            first = await stage.cluster.apply_task_status(stored, status)
            second = await stage.cluster.apply_task_status(first, status)
            assert first["status"] == status
            assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]

        run(open_stage, scenario)

    def test_a_status_field_that_is_left_out_is_removed(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            stored = await stage.new_task("suspended")
            following = {"active": 0, "nextScheduleTime": "2026-03-02T12:01:00Z"}
            before = await stage.cluster.apply_task_status(stored, following)
            after = await stage.cluster.apply_task_status(before, {"active": 0})
            assert after["status"] == {"active": 0}

        run(open_stage, scenario)

    def test_a_status_is_written_at_the_version_seen_only(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            stored = await stage.new_task("reborn")
            later = await stage.cluster.apply_task_status(stored, {"active": 1})
            with pytest.raises(Conflict):
                await stage.cluster.apply_task_status(stored, {"active": 2})
            await stage.cluster.apply_task_status(later, {"active": 2})
            absent = {**stored, "metadata": {**stored["metadata"], "name": "absent"}}
            with pytest.raises(NotFound):
                await stage.cluster.apply_task_status(absent, {"active": 1})

        run(open_stage, scenario)

    def test_a_secret_may_be_applied_again(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            manifest = secrets.build(stage.namespace, "sqlite:///one")
            await stage.cluster.apply_secret(manifest)
            await stage.cluster.apply_secret(manifest)
            assert stage.namespace in await stage.cluster.secret_namespaces()

    def test_a_secret_of_our_own_may_get_another_address(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            for address in ("sqlite:///two", "sqlite:///three"):
                await stage.cluster.apply_secret(secrets.build(stage.namespace, address))
            await stage.cluster.apply_secret(secrets.build(stage.namespace, "sqlite:///one"))

        run(open_stage, scenario)

        run(open_stage, scenario)

    def test_a_job_is_found_by_its_task_and_patched_as_it_was_seen(
        self, open_stage: OpenStage
    ) -> None:
        async def scenario(stage: Stage) -> None:
            key = stage.key("baked")
            assert await stage.cluster.jobs_of(key) == []
            stored = await stage.put_job(job_of(key, "baked-1"))
            await stage.put_job(job_of(stage.key("other"), "other-1"))
            assert [j["metadata"]["name"] for j in await stage.cluster.jobs_of(key)] == ["baked-1"]
            version, spec = stored["metadata"]["resourceVersion"], {"activeDeadlineSeconds": 1}
            patch = {"metadata": {"resourceVersion": version}, "spec": spec}
            await stage.cluster.patch_job(stage.key("baked-1"), patch)
            (found,) = await stage.cluster.jobs_of(key)
            assert found["spec"]["activeDeadlineSeconds"] == 1
            with pytest.raises(Conflict):
                await stage.cluster.patch_job(stage.key("baked-1"), patch)
            with pytest.raises(NotFound):
                await stage.cluster.patch_job(stage.key("absent"), {"metadata": {}, "spec": spec})

        run(open_stage, scenario)

    def test_an_event_is_accepted(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            stored = await stage.new_task("eventful")
            about = {**stored["metadata"], "apiVersion": names.API_VERSION, "kind": names.KIND}
            involved = {k: about[k] for k in ("apiVersion", "kind", "name", "namespace", "uid")}
            await stage.cluster.create_event(
                {
                    "apiVersion": "v1",
                    "kind": "Event",
                    "metadata": {"generateName": "eventful-", "namespace": stage.namespace},
                    "reason": "Tested",
                    "message": "from the contract",
                    "type": "Normal",
                    "involvedObject": involved,
                }
            )

        run(open_stage, scenario)
