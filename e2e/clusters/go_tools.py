"""What comes from Go modules: kind itself and the programs of the node image."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from e2e.clusters import requirements
from e2e.clusters.cache import Cache, key_of
from e2e.clusters.kubernetes_releases import chosen_release
from e2e.clusters.settings import KIND_VERSION, LIMIT_GO_BUILD, LIMIT_GO_DOWNLOAD, NODE_IMAGE_SOURCES
from e2e.clusters.steps import StepFailedError

if TYPE_CHECKING:
    from e2e.clusters.commands import Runner

MODULES = NODE_IMAGE_SOURCES / "modules"
KIND_MODULE = f"sigs.k8s.io/kind@{KIND_VERSION}"
HOW_TO_GET_GO = "install Go 1.26 or newer (it builds kind and, without an image registry, the node image)"


@dataclass(frozen=True, slots=True)
class Program:
    """One program built from a module below node-image/ whose go.mod and go.sum pin everything."""

    name: str
    module: Path
    package: str
    flags: tuple[str, ...] = ()
    cgo: bool = False

    def key(self) -> str:
        """All that decides the result, save the version of Go."""
        sources = {path.name: path for path in sorted(self.module.iterdir()) if path.suffix in {".go", ".mod", ".sum"}}
        return key_of(self.package, self.flags, self.cgo, platform.machine(), sources)


def _kubernetes(name: str) -> Program:
    module = chosen_release().module
    version = required_version(module, "k8s.io/kubernetes")
    major, minor, _ = version.lstrip("v").split(".")
    where = "k8s.io/component-base/version"
    stamp = f"-s -w -X {where}.gitVersion={version} -X {where}.gitMajor={major} -X {where}.gitMinor={minor}"
    return Program(name, module, f"k8s.io/kubernetes/cmd/{name}", ("-ldflags", stamp))


def _containerd(name: str) -> Program:
    module = MODULES / "containerd"
    path = "github.com/containerd/containerd/v2"
    stamp = f"-s -w -X {path}/version.Version={required_version(module, path).lstrip('v')}"
    tags = "no_aufs no_zfs no_btrfs no_devmapper"
    return Program(name, module, f"{path}/cmd/{name}", ("-tags", tags, "-ldflags", stamp))


def programs() -> list[Program]:
    """Every program of the node image, the slowest first."""
    runc = required_version(MODULES / "runc", "github.com/opencontainers/runc").lstrip("v")
    return [
        *map(_kubernetes, ["kubelet", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubeadm", "kubectl"]),
        *map(_containerd, ["containerd", "containerd-shim-runc-v2", "ctr"]),
        Program("etcd", MODULES / "etcd", "go.etcd.io/etcd/server/v3", ("-ldflags", "-s -w")),
        # Without the seccomp tag every pod fails; Debian's own runc 1.1 cannot make user namespaces for pods.
        Program(
            "runc",
            MODULES / "runc",
            "github.com/opencontainers/runc",
            ("-tags", "seccomp runc_nodmz", "-ldflags", f"-s -w -X main.version={runc}"),
            cgo=True,
        ),
        Program("crictl", NODE_IMAGE_SOURCES / "crictl-stand-in", ".", ("-ldflags", "-s -w")),
    ]


def required_version(module: Path, path: str) -> str:
    """The version that the module's go.mod requires of `path`."""
    found = re.search(rf"^(?:require)?\s+{re.escape(path)} (v\S+)", (module / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise StepFailedError(f"{module / 'go.mod'} does not require {path}; restore the file")
    return found[1]


def build(program: Program, cache: Cache, runner: Runner) -> Path:
    """The built program's path in the cache."""

    def compile_into(directory: Path) -> None:
        go = requirements.require_command("go", HOW_TO_GET_GO)
        argv = [go, "build", "-trimpath", "-mod=readonly", "-buildvcs=false", *program.flags]
        argv += ["-o", str(directory / program.name), program.package]
        environment = {"CGO_ENABLED": "1" if program.cgo else "0", "GOFLAGS": "", "GOWORK": "off", "GOOS": "linux"}
        runner.run(argv, limit=LIMIT_GO_BUILD, cwd=program.module, environment=environment)

    return cache.part(program.name, program.key(), f"building {program.name}", compile_into) / program.name


def module_directory(module: Path, path: str, runner: Runner) -> Path:
    """Where the sources of `path`, a requirement of `module`, were unpacked (the module cache, read-only)."""
    go = requirements.require_command("go", HOW_TO_GET_GO)
    reference = f"{path}@{required_version(module, path)}"
    return _download(go, reference, runner)


def kind_sources(runner: Runner) -> Path:
    """The unpacked sources of kind."""
    return _download(requirements.require_command("go", HOW_TO_GET_GO), KIND_MODULE, runner)


def _download(go: str, reference: str, runner: Runner) -> Path:
    text = runner.run([go, "mod", "download", "-json", reference], limit=LIMIT_GO_DOWNLOAD, environment={"GOFLAGS": ""})
    return Path(json.loads(text)["Dir"])


def find_kind(cache: Cache, runner: Runner) -> Path:
    """`kind` from PATH, else built from its Go module into the cache."""
    found = shutil.which("kind")
    if found:
        return Path(found)

    def install(directory: Path) -> None:
        go = requirements.require_command("go", f"install kind ({KIND_VERSION}), or Go 1.24 or newer to build it")
        environment = {"GOBIN": str(directory), "CGO_ENABLED": "0", "GOFLAGS": "", "GOOS": "", "GOARCH": ""}
        runner.run([go, "install", KIND_MODULE], limit=LIMIT_GO_BUILD, cwd=Path(os.sep), environment=environment)

    return cache.part("kind", key_of(KIND_MODULE, platform.machine()), f"building kind {KIND_VERSION}", install) / "kind"
