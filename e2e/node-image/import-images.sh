#!/bin/bash
# Runs once in a privileged container of the finished node: puts the images of /images.tar into containerd's own store,
# so that kubeadm finds them when a cluster starts.
set -euo pipefail

containerd > /tmp/containerd.log 2>&1 &
containerd=$!
for _ in $(seq 120); do
	ctr version > /dev/null 2>&1 && break
	kill -0 "$containerd" 2> /dev/null || break
	sleep 0.25
done
if ! ctr version > /dev/null; then
	tail -n 20 /tmp/containerd.log >&2
	exit 1
fi
ctr --namespace k8s.io images import --all-platforms --no-unpack --digests --local /images.tar
kill "$containerd"
wait "$containerd" || true
rm -rf /tmp/containerd.log /kind/build
