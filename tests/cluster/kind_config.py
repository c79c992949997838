"""kind's configuration: the differences from its defaults, each with its reason."""

import json
from typing import Any

NAME = "jvscheduler"

ETCD = {
    "kind": "ClusterConfiguration",
    "etcd": {"local": {"extraArgs": [{"name": "unsafe-no-fsync", "value": "true"}]}},
}
# A host with cgroup v1 is welcome, and nothing lowers oom_score_adj or sets
# conntrack limits: both need capabilities that the machine may not have.
KUBELET = {"kind": "KubeletConfiguration", "failCgroupV1": False, "oomScoreAdj": 0}
PROXY = {
    "kind": "KubeProxyConfiguration",
    "oomScoreAdj": 0,
    "conntrack": {
        "maxPerCore": 0,
        "min": 0,
        "tcpBeLiberal": False,
        "tcpEstablishedTimeout": "0s",
        "tcpCloseWaitTimeout": "0s",
    },
}


def stock_config(image: str) -> str:
    return cluster_config(image, networking={}, patches=[ETCD])


def own_config(image: str, address: str) -> str:
    """`address` is the engine's, where the host reaches the API server."""
    networking = {
        "disableDefaultCNI": True,  # the node image has its own
        "kubeProxyMode": "nftables",
        "podSubnet": "10.244.0.0/16",
        "apiServerAddress": address,
        "apiServerPort": 36443,
    }
    return cluster_config(image, networking, [ETCD, KUBELET, PROXY])


def cluster_config(image: str, networking: dict[str, Any], patches: list[dict[str, Any]]) -> str:
    config = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "name": NAME,
        "networking": networking,
        "nodes": [{"role": "control-plane", "image": image}],
        "kubeadmConfigPatches": [json.dumps(patch) for patch in patches],
    }
    return json.dumps(config, indent=1)
