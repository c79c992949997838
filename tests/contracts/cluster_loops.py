"""The contract of every `Cluster` about loops, and about CronJobs that retire."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from jvscheduler_operator.acceptance import spec_of
from jvscheduler_operator.cluster.client import Listing
from jvscheduler_operator.cluster.errors import Conflict, NotFound
from jvscheduler_operator.loops import deployments
from jvscheduler_operator.objects.manifests import LoopKey, Manifest, key_of
from jvscheduler_operator.pod_templates.loops import LoopContainer
from jvscheduler_operator.tasks.events import EventRecorder
from tests.contracts.cluster_tasks import OpenStage, Stage, desired, run, with_uid
from tests.support.operator.objects import NOON, pod, stored_task

NOBODY = "00000000-0000-0000-0000-000000000000"


def loop_for(stage: Stage, image: str, server: str = "server:1") -> dict[str, Any]:
    spec = spec_of(stored_task(backend="Loop", image=image))
    return deployments.build(stage.namespace, spec, LoopContainer(server))


async def delete_as_listed(
    delete: Callable[[Manifest], Awaitable[None]],
    listing: Callable[[], Awaitable[Listing]],
    manifest: Manifest,
) -> None:
    """Delete the object at its newest version.

    Kubernetes' own controllers write to it too, so that a version may be outdated at once.
    """
    while True:
        (found,) = (o for o in (await listing()).items if key_of(o) == key_of(manifest))
        try:
            return await delete(found)
        except Conflict:
            continue


class LoopContract:
    """The `open_stage` fixture of a subclass opens a namespace of its own."""

    def test_an_applied_loop_is_listed(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            applied = await stage.cluster.apply_loop(loop_for(stage, "shop:1"), force=False)
            listed = await stage.cluster.loops()
            assert key_of(applied) in map(key_of, listed.items)
            assert deployments.is_ours(applied)

        run(open_stage, scenario)

    def test_applying_the_same_loop_again_changes_nothing(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            manifest = loop_for(stage, "shop:2")
            first = await stage.cluster.apply_loop(manifest, force=False)
            again = with_uid(manifest, first["metadata"]["uid"])
            second = await stage.cluster.apply_loop(again, force=True)
            assert second["metadata"]["generation"] == first["metadata"]["generation"]

        run(open_stage, scenario)

    def test_another_image_of_the_loop_is_the_same_deployment(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            first = await stage.cluster.apply_loop(loop_for(stage, "shop:3"), force=False)
            later = await stage.cluster.apply_loop(
                loop_for(stage, "shop:3", "server:2"), force=True
            )
            assert later["metadata"]["uid"] == first["metadata"]["uid"]
            assert later["metadata"]["generation"] == first["metadata"]["generation"] + 1

        run(open_stage, scenario)

    def test_applying_a_loop_with_an_unknown_uid_is_a_conflict(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            with pytest.raises(Conflict):
                await stage.cluster.apply_loop(
                    with_uid(loop_for(stage, "shop:4"), NOBODY), force=True
                )

        run(open_stage, scenario)

    def test_a_loop_is_deleted_only_at_the_version_seen(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            first = await stage.cluster.apply_loop(loop_for(stage, "shop:5"), force=False)
            later = await stage.cluster.apply_loop(
                loop_for(stage, "shop:5", "server:2"), force=True
            )
            with pytest.raises(Conflict):
                await stage.cluster.delete_loop(first)
            await delete_as_listed(stage.cluster.delete_loop, stage.cluster.loops, later)
            assert key_of(later) not in map(key_of, (await stage.cluster.loops()).items)
            with pytest.raises(NotFound):
                await stage.cluster.delete_loop(later)

        run(open_stage, scenario)

    def test_the_pods_of_a_loop_are_found_by_its_name(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            stored = await stage.put_pod(pod(stage.namespace, "its", "a-loop"))
            await stage.put_pod(pod(stage.namespace, "anothers", "b-loop"))
            (found,) = await stage.cluster.loop_pods(LoopKey(stage.namespace, "a-loop"))
            assert found["metadata"]["uid"] == stored["metadata"]["uid"]

        run(open_stage, scenario)

    def test_the_events_of_a_pod_are_those_about_it(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            stored = await stage.put_pod(pod(stage.namespace, "told", "c-loop"))
            other = await stage.put_pod(pod(stage.namespace, "mute", "c-loop"))
            event = EventRecorder(stored, NOON, "host").loop_assigned("c-loop")
            await stage.cluster.create_event(event)
            # The scheduler has Events about both.
            messages = [e["message"] for e in await stage.cluster.events_of(stored)]
            assert event["message"] in messages
            messages = [e["message"] for e in await stage.cluster.events_of(other)]
            assert event["message"] not in messages

        run(open_stage, scenario)

    def test_rights_may_be_applied_again(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            for manifest in 2 * deployments.rights(loop_for(stage, "shop:6")):
                await stage.cluster.apply_rights(manifest)

        run(open_stage, scenario)

    def test_a_cron_job_is_patched_at_the_version_seen(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            stored = await stage.new_task("retired")
            seen = await stage.cluster.apply_cron_job(desired(stored), force=False)
            version = seen["metadata"]["resourceVersion"]
            patch = {
                "metadata": {"annotations": {"a": "b"}, "resourceVersion": version},
                "spec": {"suspend": True},
            }
            patched = await stage.cluster.patch_cron_job(stage.key("retired"), patch)
            assert patched["spec"] == {**seen["spec"], "suspend": True}
            assert patched["metadata"]["annotations"]["a"] == "b"
            with pytest.raises(Conflict):
                await stage.cluster.patch_cron_job(stage.key("retired"), patch)
            with pytest.raises(NotFound):
                await stage.cluster.patch_cron_job(stage.key("none"), {"metadata": {}})

        run(open_stage, scenario)

    def test_a_patch_removes_an_annotation(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            stored = await stage.new_task("resumed")
            await stage.cluster.apply_cron_job(desired(stored), force=False)
            key = stage.key("resumed")
            for value in ("b", None):
                annotated = await stage.cluster.patch_cron_job(
                    key, {"metadata": {"annotations": {"a": value}}}
                )
            assert "a" not in annotated["metadata"]["annotations"]

        run(open_stage, scenario)

    def test_a_cron_job_is_deleted_only_at_the_version_seen(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            stored = await stage.new_task("unneeded")
            seen = await stage.cluster.apply_cron_job(desired(stored), force=False)
            key = stage.key("unneeded")
            later = await stage.cluster.patch_cron_job(
                key, {"metadata": {}, "spec": {"suspend": True}}
            )
            with pytest.raises(Conflict):
                await stage.cluster.delete_cron_job(seen)
            await delete_as_listed(stage.cluster.delete_cron_job, stage.cluster.cron_jobs, later)
            assert await stage.cluster.cron_job(key) is None
            with pytest.raises(NotFound):
                await stage.cluster.delete_cron_job(later)

        run(open_stage, scenario)
