"""Causes in the words of runtimes that create, start or stop a sandbox or a container: containerd, CRI-O, dockershim, runc, crun.

Long, since it is a table. Texts: containerd 2.2 (internal/cri/server), CRI-O 1.37, runc 1.3, crun 1.19, the kubelet of Kubernetes 1.36,
and older ones as reported.
"""

from __future__ import annotations

from kubectl_pause.known_causes.cause import Cause

_CGROUP = r"/sys/fs/cgroup"
_PAUSE = (
    "on the node: crictl pull {pause}  # or import it; or name a pause image that is there in the runtime's configuration: new pods of "
    "this node wait for it, running ones go on"
)
_RESERVED = (
    "on the node: crictl pods; ps -eo pid,ppid,stat,etime,comm --sort=etime  # the earlier request is at work below the runtime (a plugin, "
    "a slow disk); a sandbox that is NotReady for minutes: crictl rmp it"
)
_RELABEL = (
    "wait: an earlier request for this container is still at work. On the node: ps -eo pid,ppid,stat,wchan:20,etime,comm; iostat -x  # to "
    "restart the runtime throws its work away"
)

PAUSE_IMAGE = (
    Cause(
        code="image/other-machine",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the pause image that this node's runtime is configured with is for another build of Windows",
        step="set containerd's sandbox image on that node to a pause image that has its build: registry.k8s.io/pause has several",
        frame=r"The container operating system does not match the host operating system",
    ),
    Cause(
        code="image/pause-missing",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the runtime is configured with a pause image that has no registry: {pause}",
        step="on the node: crictl info  # sandboxImage: a part of the name is missing; correct the runtime's configuration",
        frame=r'failed to (?:get|pull) sandbox image "(?P<pause>/[^"]*)"',
    ),
    Cause(
        code="image/pause-missing",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says=(
            "the node does not trust the certificate of the registry that has the pause image {pause}: no new sandbox can be created there"
        ),
        step="add the registry's or the proxy's CA to the node's trust store, and restart the runtime",
        frame=r"(?:tls|x509)",
        outer=r'failed to (?:get|pull) sandbox image "(?P<pause>[^"]*)"',
    ),
    Cause(
        code="image/pause-missing",
        at_fault="registry",
        scope="node",
        heals_itself="no",
        says="the pause image {pause} is not on the node, and its registry cannot be reached: no new sandbox can be created there",
        step=_PAUSE,
        frame=r'failed to (?:get|pull)(?: and unpack)? sandbox image "?(?P<pause>[^"\s]+?)"?(?:$| )',
    ),
    Cause(
        code="image/pause-missing",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the pause image {pause} cannot be run: {rest}",
        step="on the node: crictl inspecti {pause}  # name another pause_image in crio.conf",
        frame=r'unable to run pause image "(?P<pause>[^"]*)"',
    ),
)
"""Of the image of the pause container: before anything else, since its pull fails in the words of a network."""

SANDBOXES = (
    Cause(
        code="sandbox/name-reserved",
        at_fault="runtime",
        scope="node",
        heals_itself="yes",
        says=(
            "the runtime keeps the sandbox's name for an earlier request of the kubelet, which is still at work or was not cleaned up: "
            "{sandbox}"
        ),
        step=(
            "on the node: crictl pods --id {sandbox}  # not listed: an earlier request is at work below the runtime (a CNI plugin, an "
            "image pull): wait; NotReady for minutes: crictl rmp it"
        ),
        frame=r'name "[^"]*" is reserved for "?(?P<sandbox>[0-9a-f]{64})',
        outer=r"failed to reserve sandbox name",
        sure="likely",
    ),
    Cause(
        code="pod/userns",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="a file system of the node cannot map users ({path}), which hostUsers: false needs",
        step="on the node: findmnt -T /var/lib/kubelet  # not on overlayfs, and a kernel from 6.3 on; else hostUsers: true there",
        frame=r"failed to set MOUNT_ATTR_IDMAP",
    ),
    Cause(
        code="pod/userns",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="this node cannot give the pod a user namespace (hostUsers: false)",
        step="on the node: sysctl user.max_user_namespaces  # 0 or used up; else a newer runtime, or hostUsers: true",
        frame=(
            r".*(?:does not support user namespaces|could not find an empty slot|invalid user namespace mappings|noop process for "
            r"unshare|error allocating sub[ug]ids|user namespaces? (?:is|are) not supported)"
        ),
    ),
    Cause(
        code="runtime/program-missing",
        at_fault="runtime",
        scope="node",
        heals_itself="no",
        says="a program of the container runtime cannot be run on the node: {path}",
        step="on the node: ls -l {path}  # it must be executable and made for this machine: install it again",
        errno="exec format error|permission denied|no such file or directory",
        path=r"\S*/(?:containerd-shim\S*|runc|crun|conmon\S*)$",
    ),
    Cause(
        code="runtime/program-missing",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="a hook that the runtime is configured with cannot be run on the node: {path}",
        step="on the node: ls -l {path}  # install it, or remove the hook from the configuration of the runtime",
        outer=r"(?:fork/exec|error running (?:\w+ )?hook)",
        errno="exec format error|permission denied|no such file or directory",
        path=r"/",
    ),
    Cause(
        code="image/other-machine",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the pause image, or a program of the runtime on the node, is made for another kind of machine: {operation}",
        step="kubectl get nodes -L kubernetes.io/arch; on the node: file $(command -v runc)  # and the pause image: for that machine",
        errno="exec format error",
        sure="likely",
    ),
    Cause(
        code="sandbox/name-reserved",
        at_fault="runtime",
        scope="node",
        heals_itself="yes",
        says="the runtime keeps the sandbox's name for an earlier request of the kubelet, which is still at work or was not cleaned up",
        step=_RESERVED,
        frame=r"(?:failed to reserve sandbox name|error reserving pod name|name is reserved)",
        sure="likely",
    ),
    Cause(
        code="pod/runtime-class",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the pod's RuntimeClass asks for the runtime handler {handler}, which this node's runtime does not have",
        step=(
            "kubectl get runtimeclass  # configure the handler {handler} on the node, or choose nodes that have it "
            "(scheduling.nodeSelector)"
        ),
        frame=(
            r'(?:no runtime for "(?P<handler>[^"]*)" is configured|RuntimeHandler "[^"]*" not supported|failed to find runtime '
            r"handler (?P<handler_>\S+))"
        ),
    ),
    Cause(
        code="pod/runtime-class",
        at_fault="spec",
        scope="pod",
        heals_itself="when: the RuntimeClass is created",
        says="the pod's RuntimeClass does not exist",
        step="kubectl get runtimeclass  # create the one that the pod names, or name another",
        frame=r'.*(?:runtimeclass(?:es)?(?:\.node\.k8s\.io)? "?[^"\s]+"? not found|failed to get RuntimeClass)',
    ),
    Cause(
        code="runtime/program-missing",
        at_fault="runtime",
        scope="node",
        heals_itself="no",
        says="a program of the container runtime is not installed on the node: {program}",
        step="on the node: command -v {program}  # install it in the runtime's PATH",
        frame=r'runtime "[^"]*" binary not installed "(?P<program>[^"]*)"',
    ),
    Cause(
        code="runtime/program-missing",
        at_fault="runtime",
        scope="node",
        heals_itself="no",
        says="a program of the container runtime cannot be run on the node: {program}",
        step="on the node: ls -l $(command -v {program})  # install it again",
        frame=r'(?:fork/exec \S*/(?P<program_>runc|crun|conmon|containerd-shim\S*)|"(?P<program>runc|crun|conmon|containerd-shim\S*)")',
    ),
    Cause(
        code="runtime/plugin-failed",
        at_fault="runtime",
        scope="node",
        heals_itself="when: the plugin runs again",
        says="a plugin of the runtime (NRI) failed: {rest}",
        step="on the node: journalctl -u containerd -u crio | grep -i nri  # restart or remove the plugin that fails",
        frame=r"NRI \w+ failed",
        sure="likely",
    ),
    Cause(
        code="cgroup/driver",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the kubelet and the runtime use different cgroup drivers",
        step="set the same driver on both sides: cgroupDriver: systemd for the kubelet, SystemdCgroup = true for containerd",
        frame=r"(?:cri-o configured with (?:systemd|cgroupfs) cgroup manager|expected cgroupsPath to be of format)",
    ),
    Cause(
        code="runtime/silent",
        at_fault="runtime",
        scope="node",
        heals_itself="when: the runtime runs again",
        says="the container runtime cannot be reached ({path})",
        step=(
            "on the node: systemctl status containerd crio; journalctl -u containerd -u crio -n 100  # restart it: running containers go on"
        ),
        errno="connection refused|no such file or directory",
        path=r"\S*(?:containerd|crio|docker|dockershim)\S*\.sock",
    ),
    Cause(
        code="node/security-module",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="SELinux or another security module of the node forbids the runtime to label a process",
        step="on the node: ausearch -m avc -ts recent  # is container-selinux installed and of a version that fits the runtime?",
        errno="permission denied|invalid argument",
        path=r"/proc/(?:self|thread-self)/attr/",
        sure="likely",
    ),
    Cause(
        code="kubelet/resolv-conf",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the file that the kubelet makes DNS settings of is not there: {path}",
        step="on the node: ls -l {path}; correct resolvConf in the configuration of the kubelet  # or start systemd-resolved",
        errno="no such file or directory",
        path=r"\S*resolv\.conf",
    ),
    Cause(
        code="cgroup/driver",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the runtime is set to the systemd cgroup driver, and systemd does not run on this node",
        step="set the same driver on both sides: cgroupDriver: cgroupfs for the kubelet, SystemdCgroup = false for containerd",
        frame=r"systemd not running on this host",
    ),
    Cause(
        code="cgroup/refused",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="cgroups are not mounted on the node as the runtime expects them: {rest}",
        step="on the node: findmnt -t cgroup,cgroup2; stat -fc %T /sys/fs/cgroup  # a runtime that is older than cgroup v2 needs an update",
        frame=r"cgroup mountpoint does not exist",
    ),
    Cause(
        code="container/security",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="the kernel refuses the seccomp filter of the runtime: {operation}",
        step=(
            "on the node: uname -r; runc --version  # libseccomp and kernel must know the same system calls; does the node run in "
            "a container?"
        ),
        frame=r"error adding seccomp filter",
    ),
    Cause(
        code="container/security",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the runtime is told to use AppArmor, which this node does not have",
        step=(
            "on the node: cat /sys/module/apparmor/parameters/enabled; grep -n apparmor /etc/containerd/config.toml  # "
            "disable_apparmor, or load it"
        ),
        frame=r"apparmor is not supported",
    ),
    Cause(
        code="runtime/store-broken",
        at_fault="runtime",
        scope="node",
        heals_itself="no",
        says="the runtime's store of images is damaged: {rest}",
        step=(
            "on the node: crictl rmi --prune; journalctl -u containerd -n 100  # the image is pulled again; if it remains, drain "
            "the node and clear its store"
        ),
        frame=r"missing parent .* bucket|failed to mount rootfs component|.*snapshot .* does not exist",
    ),
    Cause(
        code="runtime/store-broken",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="the kernel does not let the runtime mount an image's layers: {rest}",
        step="on the node: findmnt -T /var/lib/containerd; dmesg | tail -50  # no overlay on overlay: use ext4, xfs or another snapshotter",
        outer=r"(?:failed to mount rootfs|overlay)",
        errno="operation not permitted|invalid argument",
        sure="likely",
    ),
    Cause(
        code="cgroup/full",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="the kernel has no room for another cgroup: the disk is not full",
        step="on the node: cat /proc/cgroups  # num_cgroups of memory near 65535: leaked cgroups, which a reboot or a newer kernel frees",
        errno="no space left on device",
        path=_CGROUP,
        sure="likely",
    ),
    Cause(
        code="cgroup/refused",
        at_fault="runtime",
        scope="node",
        heals_itself="yes",
        says="a process could not be moved into the container's cgroup, which had just changed",
        step="wait for the next try; if it repeats, update runc and the kernel; a probe should allow more than one failure",
        frame=r"adding pid \d+ to cgroups",
        sure="likely",
    ),
    Cause(
        code="cgroup/refused",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="the kernel refuses a cgroup setting of the container ({path}): {errno}",
        step="on the node: cat {path}  # compare with its parents: a cgroup may not have more than they have",
        errno="invalid argument|permission denied",
        path=_CGROUP,
        sure="likely",
    ),
    Cause(
        code="cgroup/refused",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="a cgroup controller is not there for pods on this node ({path})",
        step="on the node: cat /sys/fs/cgroup/cgroup.subtree_control  # on a rootless node: Delegate=cpu cpuset io memory pids",
        errno="no such file or directory",
        path=_CGROUP,
    ),
    Cause(
        code="cgroup/refused",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="the node's kernel cannot restrict devices by cgroup (no BPF for cgroups)",
        step="use a kernel with CONFIG_CGROUP_BPF and CONFIG_BPF_SYSCALL",
        frame=r"bpf_prog_\w+\(BPF_CGROUP_DEVICE\)",
    ),
    Cause(
        code="pids/runtime-full",
        at_fault="node-kernel",
        scope="node",
        heals_itself="when: processes on the node end",
        says="the runtime cannot start a process: the node, or the runtime's own service, has too many tasks",
        step="on the node: ps -eLf | wc -l; cat /proc/sys/kernel/pid_max; systemctl show -p TasksCurrent,TasksMax containerd crio",
        frame=(
            r"(?:may need to increase max user processes|failed to create new OS thread|newosproc|pthread_create"
            r"|runtime/cgo: pthread_create failed)"
        ),
        sure="likely",
    ),
    Cause(
        code="pids/runtime-full",
        at_fault="node-kernel",
        scope="node",
        heals_itself="when: processes on the node end",
        says="the runtime cannot start a process: the node, or the runtime's own service, has too many tasks",
        step="on the node: ps -eLf | wc -l; cat /proc/sys/kernel/pid_max; systemctl show -p TasksCurrent,TasksMax containerd crio",
        errno="resource temporarily unavailable",
        sure="likely",
    ),
    Cause(
        code="container/memory-too-low",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the memory limit is too low for the container to start at all",
        step="raise resources.limits.memory above 16Mi  # 100m and 12 are bytes",
        frame=r".*container init was OOM-killed",
    ),
    Cause(
        code="container/memory-too-low",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the memory limit is below what the runtime itself needs to start a container",
        step="raise resources.limits.memory above 16Mi  # 100m and 12 are bytes",
        frame=r"unable to set memory limit to",
    ),
    Cause(
        code="pod/sysctl",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the sysctl {sysctl} is not allowed for a pod on the node's network",
        step="remove {sysctl} from securityContext.sysctls, or hostNetwork",
        frame=r'sysctl "(?P<sysctl>[^"]*)" not allowed in host network',
    ),
    Cause(
        code="node/inotify",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="the node has no inotify instance left: this is not the limit of open files",
        step="on the node: sysctl fs.inotify.max_user_instances  # raise it: 128 is too few",
        frame=r"failed to create (?:inotify|fsnotify)",
    ),
    Cause(
        code="node/inotify",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="the node has no inotify instance or watch left",
        step="on the node: sysctl fs.inotify  # raise max_user_instances and max_user_watches",
        frame=r".*inotify",
        errno=("no space left on device|too many open files"),
    ),
    Cause(
        code="disk/read-only",
        at_fault="node-disk",
        scope="node",
        heals_itself="no",
        says="a file system of the node is read-only ({path}): every new pod there has this",
        step="kubectl cordon {node}; on the node: findmnt -O ro; dmesg | tail -50  # replace the node, or repair its disk",
        errno="read-only file system",
        path=r"/",
    ),
    Cause(
        code="disk/full",
        at_fault="node-disk",
        scope="node",
        heals_itself="when: space is freed",
        says="the node's log folder is full ({path})",
        step="on the node: df -h /var/log; df -i /var/log",
        errno="no space left on device",
        path=r"/var/log/",
    ),
    Cause(
        code="disk/full",
        at_fault="node-disk",
        scope="node",
        heals_itself="when: space is freed",
        says="a file system of the node is full ({path})",
        step="on the node: df -h {path}; df -i {path}  # bytes or inodes",
        errno="no space left on device",
        path=r"/",
        sure="likely",
    ),
    Cause(
        code="disk/full",
        at_fault="node-disk",
        scope="node",
        heals_itself="when: space is freed",
        says="something on the node is used up: bytes or inodes of a file system, or a limit with the same error (namespaces, mounts)",
        step="on the node: df -h /run /var/lib/containerd /var/lib/kubelet; df -i /run /var/lib/containerd /var/lib/kubelet",
        errno="no space left on device",
        sure="possible",
    ),
    Cause(
        code="runtime/shim-died",
        at_fault="runtime",
        scope="pod",
        heals_itself="when: the kubelet's next try finds no old task",
        says="the sandboxed runtime's agent did not start the container",
        step="on the node: journalctl -t kata  # the file that is missing is the agent's, not the image's; delete the pod to retry once",
        frame=r".*\(os error \d+\)",
        sure="likely",
    ),
    Cause(
        code="runtime/shim-died",
        at_fault="runtime",
        scope="pod",
        heals_itself="when: containerd is restarted",
        says="the shim of this sandbox ended while it was stopped",
        step="on the node: journalctl -k | grep containerd-shim; journalctl -u containerd  # restart containerd: running containers go on",
        frame=r"(?:ttrpc: closed|ttrpc$|grpc: the connection is unavailable|the connection is unavailable)",
        only="teardown",
        sure="likely",
    ),
    Cause(
        code="runtime/shim-died",
        at_fault="runtime",
        scope="node",
        heals_itself="when: the kubelet's next try works",
        says="the shim, which starts containers, ended during the call",
        step="on the node: journalctl -u containerd; runc --version  # does runc run? is /sys/fs/cgroup read-only?",
        frame=r"(?:ttrpc$|closed$|grpc$|the connection is unavailable)",
        outer=r"(?:failed to create (?:shim|containerd) task|ttrpc|grpc)",
        sure="likely",
    ),
    Cause(
        code="runtime/shim-died",
        at_fault="runtime",
        scope="pod",
        heals_itself="when: the runtime notices",
        says="the container has ended, and the runtime has not noticed",
        step="on the node: crictl ps -a; journalctl -u containerd -u crio -n 100  # restart the runtime: running containers go on",
        frame=r"container not running",
        only="teardown",
        sure="likely",
    ),
    Cause(
        code="node/security-module",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="a security module of the node forbids the runtime to send signals",
        step="on the node: dmesg | grep -i denied  # two runtimes or profiles on one node (snap); remove the one that is not used",
        frame=r"signaling init process caused permission denied",
    ),
    Cause(
        code="node/list-too-large",
        at_fault="kubelet",
        scope="node",
        heals_itself="no",
        says="the runtime's list is larger than one message may be: the kubelet sees no pod of this node any more",
        step=(
            "on the node: crictl ps -a -q --state exited | wc -l  # remove exited containers and old sandboxes in parts: crictl rm, "
            "crictl rmp"
        ),
        frame=r".*trying to send message larger than max|.*received message larger than max",
    ),
    Cause(
        code="runtime/no-answer",
        at_fault="runtime",
        scope="pod",
        heals_itself="when: what hangs goes on",
        says="the runtime did not answer the kubelet in time: a network plugin, an image pull, a shim or the runtime itself hangs",
        step=(
            "on the node: ps -eo pid,ppid,stat,etime,comm --sort=etime  # children of containerd or crio that are no shims; shims in "
            "state T or D"
        ),
        frame=r"(?:context deadline exceeded|DeadlineExceeded)",
        sure="likely",
    ),
    Cause(
        code="pids/runtime-full",
        at_fault="node-kernel",
        scope="node",
        heals_itself="when: processes on the node end",
        says="runc ended with an error of its own: most often it could not start a process, since the node has too many",
        step="on the node: ps -eLf | wc -l; cat /proc/sys/kernel/pid_max; systemctl show -p TasksCurrent,TasksMax containerd crio",
        frame=r"exit status 2$",
        outer=r"runc did not terminate successfully",
        sure="possible",
    ),
    Cause(
        code="pids/runtime-full",
        at_fault="node-kernel",
        scope="node",
        heals_itself="when: processes on the node end",
        says="a process that runc started ended at once: most often the node has too many processes, or a limit of the kernel is reached",
        step="on the node: ps -eLf | wc -l; cat /proc/sys/kernel/pid_max; dmesg | tail -50",
        frame=r"can't get final child's PID from pipe",
        sure="possible",
    ),
    Cause(
        code="runtime/create-failed",
        at_fault="runtime",
        scope="node",
        heals_itself="no",
        says="the runtime could not create the sandbox: {rest}",
        step="on the node: journalctl -u containerd -u crio -n 100  # every new pod of this node may have this",
        frame=r"(?:OCI runtime create failed|failed to create (?:shim|containerd) task|failed to start (?:shim|sandbox))",
        sure="possible",
    ),
)
"""The more special first."""
CONTAINER_RESERVED = (
    Cause(
        code="container/name-reserved",
        at_fault="storage",
        scope="pod",
        heals_itself="yes",
        says="an earlier request for this container is still at work on its volumes (SELinux labels of many files)",
        step=(_RELABEL + "; seLinuxChangePolicy: MountOption avoids it"),
        frame=r"kubelet may be retrying requests.*container volume configuration",
    ),
    Cause(
        code="container/name-reserved",
        at_fault="node-disk",
        scope="node",
        heals_itself="yes",
        says="an earlier request for this container is still at work: a slow disk, or a volume that hangs",
        step=_RELABEL,
        frame=r"(?:failed to reserve container name|error reserving ctr name|kubelet may be retrying requests)",
        sure="likely",
    ),
)
"""Of a container, never of a sandbox: the two mean different things."""
