"""`up`, `down`, `status` and `load`, for kind clusters of ours and for one given by E2E_KUBECONFIG."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from e2e.clusters import engines, go_tools, node_image, test_images
from e2e.clusters.cache import Cache, key_of, write_atomically
from e2e.clusters.kind_cluster import KindCluster, Kubectl, find_kubectl, is_ready, kind_configuration, wait_for
from e2e.clusters.kubernetes_releases import chosen_release
from e2e.clusters.settings import LIMIT_LOAD_INTO_GIVEN, LIMIT_PULL, LIMIT_SHORT_COMMAND
from e2e.clusters.steps import StepFailedError, note, step

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from e2e.clusters.commands import Runner
    from e2e.clusters.engines import Engine

ORIGINS = ("stock", "built")
ORIGIN_VARIABLE = "PAUSE_INSPECT_E2E_NODE_IMAGE"
GIVEN_CLUSTER_LIMIT = 60
LOADER_VARIABLE = "E2E_LOAD"
"""A command that puts the images of an archive, its last argument, on the nodes of the cluster of E2E_KUBECONFIG."""


@dataclass(frozen=True, slots=True)
class Request:
    """What every verb is about: the cluster's name, where its state lives, and what to run commands with."""

    name: str
    cache: Cache
    runner: Runner
    without_crictl: bool

    @property
    def directory(self) -> Path:
        """The cluster's kubeconfig and state."""
        return self.cache.root / "clusters" / self.name


@dataclass(frozen=True, slots=True)
class State:
    """What a finished `up` leaves beside the kubeconfig."""

    engine: str
    origin: str
    nodes: int
    inputs: str
    test_images: str


def read_state(directory: Path) -> State | None:
    """The state of the last finished `up`; None when there is none or it is of another version."""
    try:
        return State(**json.loads((directory / "state.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def inputs_key(engine: str, origin: str, nodes: int, *, without_crictl: bool) -> str:
    """The key of all a cluster is made from, save test images, which can be loaded later."""
    image = chosen_release().node_image if origin == "stock" else node_image.image_key()
    return key_of(engine, image, kind_configuration(nodes, built=origin == "built"), without_crictl)


def wanted_origin() -> str | None:
    """PAUSE_INSPECT_E2E_NODE_IMAGE: "stock" or "built"; None tries stock first."""
    value = os.environ.get(ORIGIN_VARIABLE)
    if value and value not in ORIGINS:
        raise StepFailedError(f"{ORIGIN_VARIABLE}={value} is neither `stock` nor `built`; unset or correct it")
    return value or None


def up(request: Request, nodes: int) -> None:
    """Leaves a healthy cluster made from the present inputs, or no cluster and an error."""
    with request.cache.lock(f"cluster-{request.name}"):
        engine = engines.find_engine(request.runner, request.cache.root)
        note(f"cluster {request.name}: engine {engine.name}, log {request.runner.log}")
        kind = go_tools.find_kind(request.cache, request.runner)
        cluster = KindCluster(request.name, engine, kind, request.directory)
        state = read_state(request.directory)
        if state and _reusable(request, cluster, state, nodes):
            _load_test_images(request, cluster, state)
            note(f"cluster {request.name} is up and unchanged: {cluster.kubeconfig}")
            return
        origin = _choose_origin(engine)
        image = chosen_release().node_image if origin == "stock" else node_image.ensure_built(engine, request.cache)
        # Made before the cluster, so that a failure leaves none behind.
        test_images.choose(engine, request.cache, pulled=origin == "stock")
        engines.prepare_host()
        try:
            _create(request, cluster, nodes, origin, image)
        except BaseException:
            note(f"deleting the unfinished cluster {request.name}")
            _delete_uninterrupted(cluster)
            raise
        note(f"cluster {request.name} is up: {cluster.kubeconfig}")


def _delete_uninterrupted(cluster: KindCluster) -> None:
    try:
        cluster.delete()
    except (StepFailedError, KeyboardInterrupt):
        note(f"cluster {cluster.name} could not be deleted; the next `up` or `down` does it")


def _reusable(request: Request, cluster: KindCluster, state: State, nodes: int) -> bool:
    wanted = wanted_origin()
    key = inputs_key(cluster.engine.name, wanted or state.origin, nodes, without_crictl=request.without_crictl)
    if state.inputs != key:
        note("the cluster of an earlier run was made from other inputs, so it is replaced")
        return False
    reason = cluster.why_unhealthy(_kubectl(request, cluster), nodes)
    if reason:
        note(f"the cluster of an earlier run is not healthy ({reason}), so it is replaced")
    return reason is None


def kubectl_program(request: Request) -> str:
    """kubectl from PATH, else the one built for the node image. Raises StepFailedError where there is neither."""
    program = next(program for program in go_tools.programs() if program.name == "kubectl")
    built = request.cache.root / "parts" / f"kubectl-{program.key()}" / "kubectl"
    return find_kubectl(built)


def _kubectl(request: Request, cluster: KindCluster) -> Kubectl:
    return Kubectl(kubectl_program(request), cluster.kubeconfig, cluster.engine.runner)


def _choose_origin(engine: Engine) -> str:
    """Stock if the engine has the image or can pull it."""
    wanted, stock = wanted_origin(), chosen_release().node_image
    if wanted == "built" or engine.has_image(stock):
        return wanted or "stock"
    try:
        with step(f"pulling {stock.partition('@')[0]}"):
            engine.run("pull", stock, limit=LIMIT_PULL)
    except StepFailedError as error:
        if wanted:
            raise
        reason = [line for line in str(error).splitlines() if line.startswith("  |")]
        note(f"no stock node image ({reason[-1].strip(' |') if reason else error}); using one built from packages")
        return "built"
    return "stock"


def _create(request: Request, cluster: KindCluster, nodes: int, origin: str, image: str) -> None:
    configuration = kind_configuration(nodes, built=origin == "built")
    # Also removes what a killed run left: node containers without a state file.
    with step("deleting what an earlier run left"):
        cluster.delete()
    with step(f"creating {nodes} node{'s' * (nodes > 1)} from {image.partition('@')[0]}"):
        cluster.create(image, configuration)
    kubectl = _kubectl(request, cluster)
    if origin == "built":
        with step("configuring the pod network"):
            wait_for("a pod address range on every node", lambda: _have_ranges(kubectl, nodes))
            cluster.write_network(kubectl)
    if request.without_crictl:
        with step("removing crictl from the nodes"):
            cluster.remove_crictl()
    key = inputs_key(cluster.engine.name, origin, nodes, without_crictl=request.without_crictl)
    state = _load_test_images(request, cluster, State(cluster.engine.name, origin, nodes, key, ""), save=False)
    with step("waiting for nodes and the default service account"):
        wait_for(f"{nodes} Ready nodes", lambda: sum(map(is_ready, kubectl.nodes())) == nodes)
        wait_for(
            "service account `default` of namespace `default`",
            lambda: bool(kubectl.run("get", "serviceaccount", "default", "-n", "default", "-o", "name")),
        )
    _save(request, state)


def _have_ranges(kubectl: Kubectl, nodes: int) -> bool:
    return sum(1 for node in kubectl.nodes() if node["spec"].get("podCIDR")) == nodes


def _load_test_images(request: Request, cluster: KindCluster, state: State, *, save: bool = True) -> State:
    """Loads busybox and nginx unless the cluster has them already."""
    stock = state.origin == "stock"
    if state.test_images and state.test_images in {test_images.built_key(), test_images.pulled_key() if stock else ""}:
        return state
    key, archive = test_images.choose(cluster.engine, request.cache, pulled=stock)
    with step("loading busybox and nginx"):
        cluster.load(archive)
    loaded = State(state.engine, state.origin, state.nodes, state.inputs, key)
    if save:
        _save(request, loaded)
    return loaded


def _save(request: Request, state: State) -> None:
    write_atomically(request.directory / "state.json", json.dumps(asdict(state), indent=2) + "\n")


def down(request: Request) -> None:
    """Deletes the cluster; says so when there was none."""
    with request.cache.lock(f"cluster-{request.name}"):
        cluster = _existing(request)
        if not cluster.node_containers() and not request.directory.exists():
            note(f"there is no cluster {request.name}")
            return
        with step(f"deleting cluster {request.name}"):
            cluster.delete()


def load(request: Request, archive: Path) -> None:
    """Puts the archive's images on every node of the running cluster."""
    if not archive.is_file():
        raise StepFailedError(f"no such image archive: {archive}; make one with `docker save -o {archive} IMAGE`")
    with request.cache.lock(f"cluster-{request.name}"):
        cluster = _existing(request)
        if read_state(request.directory) is None:
            raise StepFailedError(f"there is no cluster {request.name}; run `e2e/cluster up` first")
        with step(f"loading {archive.name}"):
            cluster.load(archive.absolute())


def images(request: Request) -> str:
    """What a node of another kind can be made of: the engine, the node image in its storage, and the archive of busybox and nginx."""
    engine = engines.find_engine(request.runner, request.cache.root)
    image = node_image.ensure_built(engine, request.cache)
    return f"{engine.name} {image} {test_images.ensure_built(engine, request.cache)}"


def status(request: Request) -> tuple[bool, str]:
    """Whether the cluster is healthy and current, and a line about it."""
    state = read_state(request.directory)
    if state is None:
        return False, f"{request.name}: not up"
    cluster = _existing(request)
    facts = f"{state.nodes} node(s), {state.origin} node image, engine {state.engine}"
    reason = cluster.why_unhealthy(_kubectl(request, cluster), state.nodes)
    if reason:
        return False, f"{request.name}: not healthy ({reason}); {facts}"
    key = inputs_key(cluster.engine.name, state.origin, state.nodes, without_crictl=request.without_crictl)
    stale = "" if key == state.inputs else "; made from other inputs, `up` will replace it"
    return True, f"{request.name}: healthy; {facts}; {cluster.kubeconfig}{stale}"


def _existing(request: Request) -> KindCluster:
    engine = engines.find_engine(request.runner, request.cache.root)
    return KindCluster(request.name, engine, go_tools.find_kind(request.cache, request.runner), request.directory)


def with_given_cluster(verb: str, kubeconfig: Path, options: argparse.Namespace, request: Request) -> int:
    """The verbs on a cluster that E2E_KUBECONFIG names: it is used as it is and never changed."""
    if verb == "down":
        note(f"E2E_KUBECONFIG is set: {kubeconfig} names a cluster of yours, left as it is")
        return 0
    if not kubeconfig.is_file():
        raise StepFailedError(f"E2E_KUBECONFIG={kubeconfig} is no file; correct or unset it")
    kubectl = Kubectl(find_kubectl(None), kubeconfig, request.runner)
    try:
        nodes = kubectl.nodes(limit=GIVEN_CLUSTER_LIMIT)
    except StepFailedError as error:
        raise StepFailedError(f"the cluster of E2E_KUBECONFIG={kubeconfig} does not answer; correct or unset it. {error}") from error
    if verb == "load":
        return _load_into_given(kubectl, options.archive, request)
    ready = sum(map(is_ready, nodes))
    print(f"cluster of E2E_KUBECONFIG: {ready} of {len(nodes)} nodes are Ready; {kubeconfig}")
    return 0


def _load_into_given(kubectl: Kubectl, archive: Path, request: Request) -> int:
    if loader := os.environ.get(LOADER_VARIABLE):
        with step(f"loading {archive.name} by `{loader}`"):
            request.runner.run([*shlex.split(loader), archive.absolute()], limit=LIMIT_LOAD_INTO_GIVEN)
        return 0
    context = kubectl.run("config", "current-context", limit=LIMIT_SHORT_COMMAND).strip()
    name = context.removeprefix("kind-")
    if name == context:
        raise StepFailedError(
            f"context `{context}` of E2E_KUBECONFIG is not a kind cluster, so images cannot be loaded into it; "
            f"push the archive's images to a registry that its nodes reach, or set {LOADER_VARIABLE} to a command that loads them"
        )
    load_request = Request(name, request.cache, request.runner, request.without_crictl)
    cluster = _existing(load_request)
    if not cluster.node_containers():
        raise StepFailedError(f"kind knows no cluster `{name}` on this machine's {cluster.engine.name}")
    with step(f"loading {archive.name}"):
        cluster.load(archive.absolute())
    return 0
