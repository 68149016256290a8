"""Words that say nothing of whose node it is: the kernel's, the runtime's and Kubernetes' own. Everything else is renamed.

A list of what is kept, not of what is hidden: a word that nobody thought of becomes a pseudonym, never the reverse.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PUBLIC_NAMES = _words("default kube-system kube-public kube-node-lease")
"""Kept even as a name of something: every cluster has them."""

FIELDS = _words("""
    address addresses cniconfig lastCNILoadStatus PluginConfDir PluginDirs plugins
    additionalIps annotations attempt capturedAt cgroupsPath cniResult conditions config containerID containerRuntimeVersion
    containerStatuses containers controller createdAt deletionTimestamp ephemeralContainers ephemeralContainerStatuses exec exitCode
    Gateway gid gids gidMappings hostId hostIPC hostNetwork hostPID hostUsers id image imageRef info ipam initContainers
    initContainerStatuses inspectorUid Interfaces IP IPConfigs ip ipc ipcMode items kernelVersion kind labels lastState length lifecycle
    linux livenessProbe Mac message metadata mode name namespace namespaces netNamespaceClosed network node nodeInfo nodeName
    operatingSystem options osImage ownerReferences path PciID phase pid podIPs podSandboxId pods podStatus postStart preStop privileged
    processStatus programs readinessProbe reason restartCount restartPolicy running runtimeClassName runtimeHandler runtimeSpec
    runtimeType Sandbox seconds securityContext setsCommand shareProcessNamespace SocketPath spec startupProbe state status
    targetContainerName
    targetId terminated toolVersion type uid uids uidMappings userns usernsOptions userSpecifiedImage waiting size user_specified_image
""")
"""Keys of the JSON in a capture: fields of v1.Pod, v1.Node, the CRI and the OCI runtime spec, as far as a capture holds them."""

NAME_FIELDS = _words("""
    name namespace nodeName targetContainerName runtimeClassName io.kubernetes.container.name io.kubernetes.pod.name
    io.kubernetes.pod.namespace io.kubernetes.cri.container-name io.kubernetes.cri.sandbox-name io.kubernetes.cri.sandbox-namespace
    io.kubernetes.cri-o.ContainerName io.kubernetes.cri-o.KubeName io.kubernetes.cri-o.Name io.kubernetes.cri-o.Namespace
    io.kubernetes.cri-o.SandboxName
""")
"""Fields whose value is a name somebody gave: no word but PUBLIC_NAMES is kept there."""

FREE_TEXT = _words("message io.kubernetes.cri.sandbox-log-directory")
"""Left out whole: a sentence may hold anything."""

KEY_PREFIXES = (
    "io.kubernetes.container.", "io.kubernetes.pod.", "io.kubernetes.cri.", "io.kubernetes.cri-o.",
    "kubernetes.io/config.", "spoofed.crio.io",
)  # fmt: skip
"""Labels and annotations of the kubelet and the runtime, which keep their keys."""

WORDS = _words("""
    stat stat2 status cgroup cgroup2 ns address ipc mnt net pid time user uts task syscall sched schedstat fdinfo fd exe comm id name self
    proc sys fs run var lib tmp usr bin sbin local dev etc max frozen pids pids.current pids.max pids.events cgroup.events
    freezer.state sigmask State Tgid PPid TracerPid Uid NSpid Threads SigPnd ShdPnd SigBlk SigIgn SigCgt se.exec_start
    voluntary_ctxt_switches nonvoluntary_ctxt_switches running sleeping disk sleep stopped tracing stop dead zombie parked idle
    more R S D Z T t X I P W FROZEN FREEZING THAWED deleted rw ro nosuid nodev noexec relatime shared master propagate_from nsfs
    nsdelegate memory_recursiveprot blkio cpu cpuacct cpuset devices freezer hugetlb memory misc net_cls net_prio perf_event rdma
    systemd unified network mount mounts kubelet.slice kubelet-kubepods.slice kubelet-kubepods-besteffort.slice
    kubelet-kubepods-burstable.slice kubelet-kubepods-besteffort-pod kubelet-kubepods-burstable-pod kubelet-kubepods-pod kubepods
    kubepods.slice kubepods-besteffort.slice kubepods-burstable.slice kubepods-besteffort-pod kubepods-burstable-pod kubepods-pod
    besteffort burstable pod .slice .scope .mount cri-containerd cri-containerd- crio crio- crio-conmon- libpod libpod-
    libpod_parent machine.slice docker docker- cni- netns ipcns utsns userns pidns system.slice user.slice init.scope
    containerd.service crio.service docker.service kubelet.service kubelet containerd containerd-shim containerd-shim-runc-v2
    dockerd conmon crun runc cri-o crictl pause tini tini-static catatonit dumb-init s6-svscan docker-init systemd-journal
    systemd-journald.service init sh bash dash ash busybox nginx kubectl kube-proxy kube-apiserver kube-scheduler kube-controller
    kube-controller-manager etcd coredns nsenter unshare gzip containerd.sock crio.sock io.containerd.runc.v2
    io.containerd.kata.v2 io.containerd.runsc.v1 io.containerd.runtime.v2.task k8s.io sha256 docker.io library registry.k8s.io
    etcd kindest sandbox container CONTAINER POD NODE TARGET CONTAINER_RUNNING CONTAINER_EXITED CONTAINER_CREATED
    CONTAINER_UNKNOWN SANDBOX_READY SANDBOX_NOTREADY linux windows amd64 arm64 true false True False Unknown yes no Pending
    Running Succeeded Failed Completed Error OOMKilled CrashLoopBackOff ImagePullBackOff ErrImagePull ContainerCreating
    PodInitializing ContainersNotReady PodCompleted ContainerStatusUnknown Ready ContainersReady Initialized PodScheduled
    PodReadyToStartContainers DisruptionTarget MemoryPressure DiskPressure PIDPressure NetworkUnavailable KubeletHasNoDiskPressure
    KubeletHasSufficientMemory KubeletHasSufficientPID KubeletReady KubeletNotReady NodeStatusUnknown Always OnFailure Never Node
    Pod ReplicaSet DaemonSet StatefulSet Job Deployment CronJob ReplicationController api file http Version RuntimeName
    RuntimeVersion RuntimeApiVersion eth0 lo cni0 cbr0 docker0 root class ifindex iflink uevent default DEVTYPE bridge vlan vxlan
    macvlan ipvlan host-local ptp portmap
""")
"""Kept where no name is due: in /proc, cgroup and mount paths, images, states. A process by one of these names keeps it."""

SYSTEM_WORDS = _words("""
    id version codename pretty name runtimename runtimeversion runtimeapiversion linux gnu lts os release core
    server enterprise workstation stream slim cloud generic virtual lowlatency aws azure gcp gke oracle raspi default edge hardened
    amd64 arm64 x86 64 aarch64 armv7l i686 ppc64le s390x riscv64 debian ubuntu red hat rhel centos fedora coreos rocky almalinux alma alpine
    amazon amzn bottlerocket flatcar container from talos optimized google suse sles opensuse leap tumbleweed ol vmware photon azurelinux
    mariner
    cbl nixos arch gentoo buster bullseye bookworm trixie forky sid focal fossa jammy jellyfish noble numbat plucky green obsidian blue onyx
    plow coughlan microsoft windows containerd docker cri o crio crun runc crictl podman
    git dev alpha beta stand in ce ee
""")
"""Kept in the version of a kernel, a runtime and crictl, and in the name of the operating system, however they are written."""
_SYSTEM_NUMBER = re.compile(r"(?:v|rc|el|fc|fk|u|deb|bpo|alpha|beta)?\d{1,8}(?:_\d{1,4})?")

_DASHED_IPV4 = re.compile(r"\d{1,3}(?:-\d{1,3}){3}")
_NUMBER = re.compile(r"[-+.\d]*|0x[0-9a-f]+|v?\d+(\.\d+)*([-+.]\d+)*")


def is_public(word: str) -> bool:
    """Whether a word may stay as it is: in the list, a number or a version."""
    return is_known(word) or (_NUMBER.fullmatch(word) is not None and _DASHED_IPV4.fullmatch(word) is None)


def is_known(word: str) -> bool:
    """Whether a word is in the lists: where a name may stand, a number is one too (a customer's, an address with dashes)."""
    return word in WORDS or word in PUBLIC_NAMES


def is_of_system(word: str) -> bool:
    """Whether a word of a version or of a system's name may stay."""
    return word.lower() in SYSTEM_WORDS or _SYSTEM_NUMBER.fullmatch(word) is not None
