"""Causes in the words of what creates and starts a container, and of the hooks that run with it.

Long, since it is a table. Texts: the kubelet of Kubernetes 1.36 (pkg/kubelet/kuberuntime), containerd 2.2, CRI-O 1.37, runc 1.3
(libcontainer), crun 1.19.
"""

from __future__ import annotations

from kubectl_pause.known_causes.cause import Cause
from kubectl_pause.known_causes.sandboxes import CONTAINER_RESERVED, SANDBOXES

_COMMAND = "compare command and args of container {container} with those of the image: crictl inspecti {image} on the node"

OWN = (
    Cause(
        code="pod/config",
        at_fault="spec",
        scope="pod",
        heals_itself="when: it is created",
        says="container {container} needs a {kind} that does not exist: {name}",
        step="kubectl get {kind} -n {namespace} {name}  # create it, or name another: the pod goes on by itself",
        frame=r'(?P<kind>secret|configmap) "(?:[^"/]*/)?(?P<name>[^"]*)" not found',
    ),
    Cause(
        code="pod/config",
        at_fault="spec",
        scope="pod",
        heals_itself="when: the key is added",
        says="container {container} needs the key {key}, which {kind} {name} does not have",
        step="kubectl describe {kind} -n {namespace} {name}  # shows its keys, no values; add the key, or name another",
        frame=r"couldn't find key (?P<key>\S+) in (?P<kind>Secret|ConfigMap) (?:[^/\s]*/)?(?P<name>\S+)",
    ),
    Cause(
        code="container/user",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the pod forbids root, and the image runs as root or as a user without a number",
        step="set securityContext.runAsUser to a number that the image can work with",
        frame=r"(?:container has runAsNonRoot and image (?:will run as root|has non-numeric user)|.*breaks non-root policy)",
    ),
    Cause(
        code="container/user",
        at_fault="image",
        scope="pod",
        heals_itself="no",
        says="the user that the image runs as is not in its /etc/passwd",
        step="set securityContext.runAsUser to a number, or correct USER in the image",
        frame=r".*(?:no users found|unable to find (?:user|group)|no matching entries in passwd)",
        sure="likely",
    ),
    Cause(
        code="kubelet/services",
        at_fault="kubelet",
        scope="node",
        heals_itself="no",
        says="the kubelet has not read the Services for long: it may be newer than the API server",
        step="kubectl version; kubectl get nodes  # a kubelet may not be newer than the API server",
        frame=r"services have not yet been read at least once",
        only="lasting",
    ),
    Cause(
        code="kubelet/services",
        at_fault="kubelet",
        scope="node",
        heals_itself="no",
        says="the kubelet has not read the Services yet",
        step=(
            "wait a minute after a start of the kubelet; if it remains: kubectl version; kubectl get nodes  # is it newer than the "
            "API server?"
        ),
        frame=r"services have not yet been read at least once",
        sure="likely",
    ),
    Cause(
        code="volume/subpath",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the subPath {name} is not in the volume: {rest}",
        step="list the volume's files, and correct subPath",
        frame=r'sub path "(?P<name>[^"]*)" does not exist',
    ),
    Cause(
        code="volume/subpath",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the subPath of volume {name} cannot be prepared",
        step=(
            "is the volume a single file (then drop subPath)? On the node: journalctl -u kubelet | grep -i subpath  # the reason, "
            "such as a stale NFS handle, stands there alone"
        ),
        frame=r'failed to prepare subPath for volumeMount "(?P<name>[^"]*)"',
        sure="possible",
    ),
    Cause(
        code="volume/subpath",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="a folder is mounted over a file, or a file over a folder: the subPath names a key that is not there",
        step="compare subPath with the keys of the ConfigMap or Secret, and mountPath with the image",
        outer=r"(?:mount(?:ing)? |error mounting )",
        errno="not a directory",
        sure="likely",
    ),
    Cause(
        code="container/read-only",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="a mount point is missing in the container's root file system, which is read-only: {path}",
        step="create the folder in the image, or drop readOnlyRootFilesystem",
        errno="read-only file system",
        path=r"\S*rootfs",
        sure="likely",
    ),
    Cause(
        code="volume/cache",
        at_fault="none",
        scope="node",
        heals_itself="yes",
        says="the kubelet has not read the {kind} yet: it has just started, or watches many pods",
        step="wait a minute; if it remains, the kubelet cannot reach the API server: on the node: journalctl -u kubelet",
        frame=r"failed to sync (?P<kind>configmap|secret) cache",
    ),
    Cause(
        code="container/security",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="AppArmor is on at this node, and its tools are not installed",
        step="install the package apparmor (apparmor_parser) on the node, or turn AppArmor off in its kernel",
        frame=r'"apparmor_parser"',
    ),
    Cause(
        code="container/security",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the runtime may not set the limits of the container's processes: the node runs in a container, or without root",
        step="on the node: ulimit -Hn; cat /proc/self/limits  # raise the hard limits of the runtime, or lower its default_rlimits",
        frame=r"error setting rlimit",
        sure="likely",
    ),
    Cause(
        code="container/security",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="the runtime may not give the container its capabilities: the node runs in a container, or without root",
        step="on the node: grep Cap /proc/self/status  # capabilities that the node itself does not have cannot be added",
        frame=r"unable to apply caps",
        sure="likely",
    ),
    Cause(
        code="container/security",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the seccomp profile of the pod cannot be read: {rest}",
        step="correct the JSON of the profile on the node, or the name in securityContext.seccompProfile",
        frame=r"cannot load seccomp profile",
        sure="likely",
    ),
    Cause(
        code="volume/dead-mount",
        at_fault="storage",
        scope="node",
        heals_itself="no",
        says="the mount of a volume on this node is dead: {errno}",
        step="restart the pod of the CSI driver on node {node}; on the node: umount -l {path}  # after its program ended nothing is lost",
        errno="transport endpoint is not connected|stale nfs file handle|stale file handle|input/output error",
        path=r"/\S*/(?:volumes|volume-subpaths|plugins)/",
    ),
    Cause(
        code="volume/driver-failed",
        at_fault="storage",
        scope="pod",
        heals_itself="no",
        says="the volume cannot be labelled for SELinux: {rest}",
        step="seLinuxChangePolicy: MountOption, or a storage that has labels",
        frame=r"relabel failed",
        sure="likely",
    ),
    Cause(
        code="container/security",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="the kernel refuses what the runtime does to start the container: {operation}",
        step=(
            "on the node: dmesg | tail -50; ausearch -m avc -ts recent  # a node that runs in a container or without root, or a "
            "security module"
        ),
        errno="permission denied|operation not permitted|invalid argument|no such file or directory",
        path=r"/(?:proc|sys(?!/fs/cgroup))/",
        sure="likely",
    ),
    Cause(
        code="container/security",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="the kernel refuses what the runtime does to start the container: {operation}",
        step=(
            "on the node: dmesg | tail -50; ausearch -m avc -ts recent  # a node that runs in a container or without root, or a "
            "security module"
        ),
        outer=r"(?:setns|unshare|clone|mount|pivot_root)\W",
        errno="permission denied|operation not permitted|invalid argument",
        sure="likely",
    ),
    Cause(
        code="container/command",
        at_fault="image",
        scope="pod",
        heals_itself="no",
        says="the program of the image may not be executed",
        step="chmod +x in the image, or defaultMode 0755 for a script of a ConfigMap",
        outer=r"open executable",
        errno="permission denied",
        sure="likely",
    ),
    Cause(
        code="pod/config",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the credentials for Windows that the pod names cannot be had",
        step="kubectl get gmsacredentialspecs  # correct securityContext.windowsOptions",
        frame=r"unable to retrieve windows credentials",
        sure="likely",
    ),
    Cause(
        code="container/command",
        at_fault="runtime",
        scope="node",
        heals_itself="no",
        says=(
            "the program {name} cannot be reached in the image's layers on this node, though it has a path: their folder is closed "
            "to the user"
        ),
        step=(
            "on the node: stat -c %a /var/lib/containers/storage/overlay/*/merged  # mode 700 bars it: update the runtime, pull the "
            "image again"
        ),
        frame=r"executable file not found in \$PATH",
        outer=r'"(?P<name>/[^"]*)"$',
        only="crio",
    ),
    Cause(
        code="container/command",
        at_fault="runtime",
        scope="node",
        heals_itself="no",
        says="the program {path} may not be run: its mode, or the folder of the image's layers on the node",
        step=(
            "does it start on another node? then on this one: stat -c %a /var/lib/containers/storage/overlay/*/merged; else chmod +x "
            "in the image"
        ),
        outer=r"exec$",
        errno="permission denied",
        only="crio",
        sure="possible",
    ),
    Cause(
        code="container/command",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the command is a folder: {path}",
        step="a script is missing at its source (hostPath, subPath), so that an empty folder was mounted in its place",
        outer=r"exec$",
        errno="is a directory",
    ),
    Cause(
        code="container/command",
        at_fault="image",
        scope="pod",
        heals_itself="no",
        says="the program {path} may not be executed",
        step="chmod +x in the image, or defaultMode 0755 for a script of a ConfigMap",
        outer=r"exec(?: container process.*)?$",
        errno="permission denied",
        sure="likely",
    ),
    Cause(
        code="image/other-machine",
        at_fault="image",
        scope="pod",
        heals_itself="no",
        says="the image is for another build of Windows than this node's",
        step="kubectl get nodes -L node.kubernetes.io/windows-build  # choose nodes by that label, or another image",
        frame=r"The container operating system does not match the host operating system",
    ),
    Cause(
        code="image/other-machine",
        at_fault="image",
        scope="pod",
        heals_itself="no",
        says="the program is made for another kind of machine than this node, has no #! line, or is a damaged copy on this node",
        step=(
            "kubectl get nodes -L kubernetes.io/arch  # compare with the image; where it runs on other nodes of that kind, on the node: "
            "crictl rmi {image}, so that it is pulled again"
        ),
        frame=r".*exec format error",
        sure="likely",
    ),
    Cause(
        code="image/other-machine",
        at_fault="image",
        scope="pod",
        heals_itself="no",
        says="the program needs a loader or library that the image does not have: most often it is for another machine",
        step="kubectl get nodes -L kubernetes.io/arch  # compare with the image's architecture, layer by layer",
        frame=r"exec container process \(missing dynamic library",
    ),
    Cause(
        code="container/command",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the program is not in the image: {name}",
        step=_COMMAND,
        frame=r"executable file (?:not found in \$PATH|`(?P<name_>[^`]*)` not found)",
        outer=r'.*?"(?P<name>[^"]*)"$|.*',
    ),
    Cause(
        code="container/command",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the program is not in the image: {path}",
        step=_COMMAND,
        outer=r"exec(?:$| )",
        errno="no such file or directory",
    ),
    Cause(
        code="container/security",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the capability {name} does not exist",
        step="correct securityContext.capabilities.add: no prefix CAP_",
        frame=r'unknown capability "(?P<name>[^"]*)"',
    ),
    Cause(
        code="node/mount-propagation",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="a mount of the node is not shared, which mountPropagation needs: {rest}",
        step="on the node: mount --make-rshared /  # and make it last over a reboot",
        frame=r'path "[^"]*" is mounted on "[^"]*" but it is not a shared',
    ),
    Cause(
        code="container/security",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the seccomp profile {path} is not on this node",
        step="put the file on every node (localhostProfile is relative to /var/lib/kubelet/seccomp), or correct the name",
        errno="no such file or directory",
        path=r"\S*/seccomp/",
        sure="likely",
    ),
    Cause(
        code="container/security",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the pod's seccomp profile forbids what the runtime needs to start a container",
        step="try seccompProfile RuntimeDefault; add the missing system calls to the profile",
        frame=r".*No error following JSON procError payload",
    ),
    Cause(
        code="container/security",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the AppArmor profile is not loaded on this node: {rest}",
        step="on the node: aa-status  # load the profile there (apparmor_parser -r FILE), or choose nodes that have it",
        frame=(
            r".*(?:apparmor profile not found|unable to apply apparmor profile|apparmor profile .* (?:is not loaded|not found)|"
            r"AppArmor is not enabled)"
        ),
    ),
    Cause(
        code="node/device",
        at_fault="node-kernel",
        scope="node",
        heals_itself="when: the node's driver works",
        says="the GPU driver of the node does not work: {rest}",
        step="on the node: nvidia-smi  # install or load the driver: the library is the node's, not the image's",
        frame=r"nvidia-container-cli",
    ),
    Cause(
        code="node/device",
        at_fault="cluster-config",
        scope="node",
        heals_itself="when: the CDI specification is there",
        says="the node has no CDI device of that name: {rest}",
        step="on the node: ls /etc/cdi /var/run/cdi; nvidia-ctk cdi list  # create the specification again",
        frame=r"(?:unresolvable CDI devices|failed to inject CDI)",
    ),
    Cause(
        code="node/device",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="the node does not have the device {path}",
        step="on the node: ls -l {path}  # choose nodes that have it",
        errno="no such file or directory|no such device",
        path=r"/dev/",
    ),
    Cause(
        code="runtime/shim-died",
        at_fault="runtime",
        scope="node",
        heals_itself="when: the kubelet's next try works",
        says="the shim, which starts the container, ended during the call",
        step="on the node: journalctl -u containerd; runc --version  # does runc run? is /sys/fs/cgroup read-only?",
        frame=r"(?:closed|ttrpc)$",
        sure="likely",
    ),
)

LAST = (
    Cause(
        code="container/not-made",
        at_fault="runtime",
        scope="pod",
        heals_itself="no",
        says="the runtime could not start container {container}: {rest}",
        step="on the node: journalctl -u containerd -u crio -n 100  # what stands before this error",
        frame=r"(?:OCI runtime create failed|failed to (?:create|start) (?:shim|containerd) |container create failed|failed to generate)",
        sure="possible",
    ),
)
CONTAINERS = (
    *CONTAINER_RESERVED,
    *OWN,
    *(cause for cause in SANDBOXES if cause.code not in ("sandbox/name-reserved", "runtime/create-failed")),
    *LAST,
)
"""The more special first; what stops a sandbox in the kernel or on the disk stops a container too."""

HOOK_KILLED = Cause(
    code="container/hook",
    at_fault="application",
    scope="pod",
    heals_itself="when: the container lives as long as its hook",
    says="the hook was killed: the container ended while it ran",
    step="see how the container ended: kubectl logs -n {namespace} {pod} -c {container} --previous",
    frame=r".*exited with 137",
    sure="likely",
)
HOOKS = (
    Cause(
        code="container/hook",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the postStart hook cannot be executed (exit code {code}): {rest}",
        step="correct the mode of the script (defaultMode 0755) or how it is called",
        frame=r"(?P<rest>command '.*') exited with (?P<code>12[67])",
    ),
    HOOK_KILLED,
    Cause(
        code="container/hook",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the postStart hook failed, and the kubelet killed the container for it: {rest}",
        step=(
            "run the hook's command in the container by hand; on the node: journalctl -u kubelet | grep -i poststart  # its output "
            "stands there"
        ),
        frame=r".*",
    ),
)
"""Of a container that its postStart hook ends."""
PRE_STOP = (
    Cause(
        code="container/hook",
        at_fault="spec",
        scope="pod",
        heals_itself="yes",
        says="the preStop hook failed or took longer than the grace period; the pod ends all the same: {rest}",
        step="use lifecycle.preStop.sleep where the image has no shell; raise terminationGracePeriodSeconds above the hook's time",
        frame=r".*",
    ),
)
"""Of the events FailedPreStopHook and UnfinishedPreStopHook."""
