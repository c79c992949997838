#!/bin/bash
# usage: import-images.sh ROOT
# Puts ROOT/images.tar into the containerd store of the system in ROOT, by that
# system's own containerd. It runs in mount and process namespaces of its own:
# whatever happens to this script, no mount and no process stays.
set -euo pipefail

unshare --mount --pid --fork --kill-child bash -euc '
  mount -t proc proc "$0/proc"
  exec chroot "$0" bash -euc "
    printf \"version = 2\ndisabled_plugins = [\\\"io.containerd.grpc.v1.cri\\\"]\n\" > /tmp/config.toml
    containerd -c /tmp/config.toml > /tmp/containerd.log 2>&1 &
    for _ in {1..100}; do ctr version > /dev/null 2>&1 && break; sleep 0.1; done
    ctr version > /dev/null 2>&1 || { cat /tmp/containerd.log >&2; exit 1; }
    ctr -n k8s.io images import --all-platforms --no-unpack /images.tar
    kill %1
    wait || true
  "
' "$1"
