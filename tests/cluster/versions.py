"""Every version that the test clusters are made of; a change here builds anew."""

KUBERNETES = "v1.36.4"
KIND = "v0.33.0"
HELM = "v4.3.1"
COREDNS = "v1.15.0"
LOCAL_PATH_PROVISIONER = "v0.0.30"
DEBIAN = "bookworm"
POSTGRESQL_DEBIAN = "trixie"
PYTHON = "3.11"
GO = (1, 26)

TOOLS = {
    "kind": f"sigs.k8s.io/kind@{KIND}",
    "helm": f"helm.sh/helm/v4/cmd/helm@{HELM}",
    "coredns": f"github.com/coredns/coredns@{COREDNS}",
    "local-path-provisioner": f"github.com/rancher/local-path-provisioner@{LOCAL_PATH_PROVISIONER}",
}

# What this kind release itself uses; taken where docker can pull it.
STOCK_NODE_IMAGE = (
    "docker.io/kindest/node:v1.37.0"
    "@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5"
)
