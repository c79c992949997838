"""The cluster in memory keeps the contract of clusters."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.testing.cluster import MemoryCluster
from tests.contracts.cluster_loops import LoopContract
from tests.contracts.cluster_tasks import ClusterContract, OpenStage, Stage


class TestMemoryCluster(ClusterContract, LoopContract):
    @pytest.fixture
    def open_stage(self) -> OpenStage:
        @asynccontextmanager
        async def opened() -> AsyncIterator[Stage]:
            cluster = MemoryCluster()

            async def put_task(manifest: Manifest) -> Manifest:
                return cluster.put(cluster.task_objects, manifest)

            async def put_cron_job(manifest: Manifest) -> Manifest:
                return cluster.put(cluster.cron_job_objects, manifest)

            async def put_pod(manifest: Manifest) -> Manifest:
                return cluster.put(cluster.pod_objects, manifest)

            async def put_job(manifest: Manifest) -> Manifest:
                return cluster.put(cluster.job_objects, manifest)

            yield Stage(cluster, put_task, put_cron_job, put_pod, put_job, "shop")

        return opened
