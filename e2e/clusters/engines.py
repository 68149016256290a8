"""Which container engine runs the nodes, and the settings that podman needs on a restricted machine."""

from __future__ import annotations

import os
import resource
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from e2e.clusters import requirements
from e2e.clusters.cache import write_atomically
from e2e.clusters.settings import LIMIT_ENGINE_INFO, LIMIT_SHORT_COMMAND
from e2e.clusters.steps import StepFailedError, note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from e2e.clusters.commands import Runner

ENGINES = ("docker", "podman", "nerdctl")
CAP_SYS_RESOURCE = 24
MOST_PROCESSES = 32768
INOTIFY_INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
ENOUGH_INOTIFY_INSTANCES = 1024


@dataclass(frozen=True, slots=True)
class Engine:
    """A container engine that answers; `runner` carries the environment it and kind need."""

    name: str
    runner: Runner

    def run(self, *words: str | Path, limit: float = LIMIT_SHORT_COMMAND, stdin: bytes | None = None) -> str:
        """Stdout of `ENGINE words...`."""
        return self.runner.run([self.name, *words], limit=limit, stdin=stdin)

    def has_image(self, reference: str) -> bool:
        """Whether the engine's own storage holds the image."""
        return self.runner.succeeds([self.name, "image", "inspect", reference], limit=LIMIT_SHORT_COMMAND)


def find_engine(runner: Runner, cache: Path) -> Engine:
    """KIND_EXPERIMENTAL_PROVIDER's engine if set, else the first of docker, podman and nerdctl that answers."""
    wanted = os.environ.get("KIND_EXPERIMENTAL_PROVIDER")
    if wanted and wanted not in ENGINES:
        raise StepFailedError(f"KIND_EXPERIMENTAL_PROVIDER={wanted} is none of {', '.join(ENGINES)}; unset or correct it")
    answers: list[str] = []
    for name in [wanted] if wanted else ENGINES:
        engine = Engine(name, runner.with_environment(_environment(name, cache)))
        reason = _why_unusable(engine)
        if reason is None:
            return engine
        answers.append(f"{name}: {reason}")
    if not wanted and shutil.which("podman") is None and requirements.can_install():
        requirements.ensure("container-engine", runner)
        return find_engine(runner, cache)
    raise StepFailedError(
        f"no container engine answers ({'; '.join(answers)}). Start docker, or install podman, "
        "or name a cluster of your own with E2E_KUBECONFIG"
    )


def _why_unusable(engine: Engine) -> str | None:
    if shutil.which(engine.name) is None:
        return "not installed"
    words = ["info"]
    if engine.name == "docker":
        # Without a daemon some clients print the client's half and end with exit code 0.
        words += ["--format", "{{.ServerVersion}}"]
    try:
        answer = engine.run(*words, limit=LIMIT_ENGINE_INFO)
    except StepFailedError as error:
        lines = [line.strip(" |") for line in str(error).splitlines() if line.startswith("  |")]
        return lines[-1] if lines else str(error)
    return None if answer.strip() else "its daemon does not answer"


def _environment(name: str, cache: Path) -> Mapping[str, str]:
    environment = {"KIND_EXPERIMENTAL_PROVIDER": name}
    if name == "podman" and os.geteuid() == 0 and not _may_raise_limits() and "CONTAINERS_CONF" not in os.environ:
        # The user's own configuration files stay as they are: this one is in the cache and named by the environment.
        path = cache / "podman" / "containers.conf"
        content = podman_settings()
        if not path.exists() or path.read_text() != content:
            write_atomically(path, content)
        environment["CONTAINERS_CONF"] = str(path)
    return environment


def _may_raise_limits(status: Path = Path("/proc/self/status")) -> bool:
    """Whether the capability bounding set has CAP_SYS_RESOURCE; without it no limit above the current one can be set."""
    for line in status.read_text().splitlines() if status.exists() else []:
        if line.startswith("CapBnd:"):
            return bool(int(line.split()[1], 16) >> CAP_SYS_RESOURCE & 1)
    return True


def podman_settings() -> str:
    """Limits within what this process has (podman asks for more by default), and runc where crun refuses the cgroups."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    processes = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    limits = []
    if files != resource.RLIM_INFINITY:
        limits.append(f'"nofile={files}:{files}"')
    most = MOST_PROCESSES if processes == resource.RLIM_INFINITY else min(processes, MOST_PROCESSES)
    limits.append(f'"nproc={most}:{most}"')
    text = f"[containers]\ndefault_ulimits = [{', '.join(limits)}]\n"
    if not Path("/sys/fs/cgroup/cgroup.controllers").exists() and shutil.which("runc"):
        text += '[engine]\nruntime = "runc"\n'
    return text


def prepare_host() -> None:
    """What kind expects of the machine: /lib/modules, which it mounts into nodes, and enough inotify instances.

    systemd, containerd and the kubelet of one node hold about 25 of the latter, and all nodes share root's: with the
    kernel's 128, the sixth node's kubelet ends with "inotify_init: too many open files" and the cluster half works.
    """
    modules = Path("/lib/modules")
    if not modules.exists() and os.geteuid() == 0:
        modules.mkdir(parents=True)
    if INOTIFY_INSTANCES.exists() and int(INOTIFY_INSTANCES.read_text()) < ENOUGH_INOTIFY_INSTANCES:
        try:
            INOTIFY_INSTANCES.write_text(f"{ENOUGH_INOTIFY_INSTANCES}\n")
        except OSError:
            note(
                "fs.inotify.max_user_instances is low, which breaks kind from about the sixth node on this machine; "
                f"as root: sysctl fs.inotify.max_user_instances={ENOUGH_INOTIFY_INSTANCES}"
            )
