"""What every cluster must do for loops and for CronJobs that give way to them."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from jvscheduler_operator.acceptance import accept
from jvscheduler_operator.cluster.client import Listing
from jvscheduler_operator.cluster.errors import Conflict, NotFound
from jvscheduler_operator.loops import deployments
from jvscheduler_operator.objects.manifests import Manifest, key_of
from jvscheduler_operator.pod_templates.loops import LoopImage
from tests.contracts.cluster_tasks import OpenStage, Stage, desired, tell, with_uid
from tests.support.operator.objects import stored_task

NOBODY = "00000000-0000-0000-0000-000000000000"


def loop_for(stage: Stage, image: str, server: str = "server:1") -> dict[str, Any]:
    spec = accept(stored_task(backend="Loop", image=image)).spec
    return deployments.build(stage.namespace, spec, LoopImage(server))


async def delete_as_listed(
    delete: Callable[[Manifest], Awaitable[None]],
    listing: Callable[[], Awaitable[Listing]],
    manifest: Manifest,
) -> None:
    """Kubernetes' own controllers write to the object too, so that a version may be old at once."""
    while True:
        (found,) = (o for o in (await listing()).items if key_of(o) == key_of(manifest))
        try:
            return await delete(found)
        except Conflict:
            continue


class LoopContract:
    """As ClusterContract."""

    def test_an_applied_loop_is_listed(self, open_stage: OpenStage) -> None:
        async def story(stage: Stage) -> None:
            applied = await stage.cluster.apply_loop(loop_for(stage, "shop:1"), force=False)
            listed = await stage.cluster.loops()
            assert key_of(applied) in map(key_of, listed.items)
            assert deployments.is_ours(applied)

        tell(open_stage, story)

    def test_applying_the_same_loop_again_changes_nothing(self, open_stage: OpenStage) -> None:
        async def story(stage: Stage) -> None:
            manifest = loop_for(stage, "shop:2")
            first = await stage.cluster.apply_loop(manifest, force=False)
            again = with_uid(manifest, first["metadata"]["uid"])
            second = await stage.cluster.apply_loop(again, force=True)
            assert second["metadata"]["generation"] == first["metadata"]["generation"]

        tell(open_stage, story)

    def test_another_image_of_the_loop_is_the_same_deployment(self, open_stage: OpenStage) -> None:
        async def story(stage: Stage) -> None:
            first = await stage.cluster.apply_loop(loop_for(stage, "shop:3"), force=False)
            later = await stage.cluster.apply_loop(
                loop_for(stage, "shop:3", "server:2"), force=True
            )
            assert later["metadata"]["uid"] == first["metadata"]["uid"]
            assert later["metadata"]["generation"] == first["metadata"]["generation"] + 1

        tell(open_stage, story)

    def test_a_loop_of_no_such_uid_is_a_conflict(self, open_stage: OpenStage) -> None:
        async def story(stage: Stage) -> None:
            with pytest.raises(Conflict):
                await stage.cluster.apply_loop(
                    with_uid(loop_for(stage, "shop:4"), NOBODY), force=True
                )

        tell(open_stage, story)

    def test_a_loop_is_deleted_once_and_as_it_was_seen(self, open_stage: OpenStage) -> None:
        async def story(stage: Stage) -> None:
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

        tell(open_stage, story)

    def test_rights_may_be_applied_again(self, open_stage: OpenStage) -> None:
        async def story(stage: Stage) -> None:
            for manifest in 2 * deployments.rights(loop_for(stage, "shop:6")):
                await stage.cluster.apply_rights(manifest)

        tell(open_stage, story)

    def test_a_cron_job_is_patched_at_the_version_seen(self, open_stage: OpenStage) -> None:
        async def story(stage: Stage) -> None:
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

        tell(open_stage, story)

    def test_a_patch_takes_an_annotation_away(self, open_stage: OpenStage) -> None:
        async def story(stage: Stage) -> None:
            stored = await stage.new_task("resumed")
            await stage.cluster.apply_cron_job(desired(stored), force=False)
            key = stage.key("resumed")
            for value in ("b", None):
                annotated = await stage.cluster.patch_cron_job(
                    key, {"metadata": {"annotations": {"a": value}}}
                )
            assert "a" not in annotated["metadata"]["annotations"]

        tell(open_stage, story)

    def test_a_cron_job_is_deleted_once_and_as_it_was_seen(self, open_stage: OpenStage) -> None:
        async def story(stage: Stage) -> None:
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

        tell(open_stage, story)
