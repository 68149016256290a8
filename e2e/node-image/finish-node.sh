#!/bin/bash
# Runs inside the node image while it is built: what kind's own Dockerfile does after its packages are installed.
set -euo pipefail

chmod 755 /usr/local/bin/* /usr/local/sbin/* /kind/bin/* /usr/bin/kubelet /usr/bin/kubeadm /usr/bin/kubectl

units=/lib/systemd/system
rm -f "$units/sysinit.target.wants/systemd-tmpfiles-setup.service"
rm -f "$units"/multi-user.target.wants/* /etc/systemd/system/*.wants/* "$units"/local-fs.target.wants/* \
	"$units"/sockets.target.wants/*udev* "$units"/sockets.target.wants/*initctl* "$units"/basic.target.wants/*
echo ReadKMsg=no >> /etc/systemd/journald.conf
systemctl enable kubelet.service containerd.service undo-mount-hacks.service
systemctl mask systemd-binfmt.service

mkdir -p /etc/kubernetes/manifests /opt/cni/bin /kind/manifests
cp /usr/lib/cni/* /opt/cni/bin/
kubelet --version | sed 's/^Kubernetes //' > /kind/version
ctr oci spec |
	jq '.hooks.createContainer += [{"path": "/kind/bin/mount-product-files.sh"}] | del(.process.rlimits)' \
		> /etc/containerd/cri-base.json
