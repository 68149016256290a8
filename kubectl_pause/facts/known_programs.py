"""Programs that are known by their comm, which the kernel cuts at 15 bytes.

Any process may bear such a name: it says something only where a process of a pod could not be.
"""

PAUSE_NAMES = ("pause", "pod")
"""The pause binary: upstream's `/pause`, OpenShift's `/usr/bin/pod`."""
SHIM_NAMES = ("containerd-shim", "conmon", "conmonrs")
"""What stands between a runtime and its containers."""
RUNTIME_DAEMONS = ("containerd", "crio", "dockerd", "cri-dockerd")
OCI_RUNTIMES = ("runc", "crun", "youki")
RUNC_STAGES = "runc:["
"""How runc's own stages begin their names before they become the container's program (libcontainer, nsexec.c)."""
