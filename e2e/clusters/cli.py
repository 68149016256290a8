"""The verbs of `e2e/cluster`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from e2e.clusters import bring_up, requirements
from e2e.clusters.cache import Cache
from e2e.clusters.commands import Runner, new_log
from e2e.clusters.settings import cache_directory, cluster_name
from e2e.clusters.steps import StepFailedError, note

if TYPE_CHECKING:
    from types import FrameType

EXIT_FAILED = 1
EXIT_NOT_UP = 3
EXIT_INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="e2e/cluster", description="A real kind cluster for the end-to-end tests.")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="up|down|status|kubeconfig|kubectl|load|images|tools")
    texts = {
        "up": "make the cluster, or reuse a healthy one made from the same inputs",
        "down": "delete the cluster",
        "status": "say whether the cluster is up and healthy (exit code 3 when not)",
        "kubeconfig": "print the path of the cluster's kubeconfig",
        "kubectl": "run kubectl on the cluster, with the one from PATH or the one built for the node image",
        "load": "put the images of an archive (docker save) on every node",
        "images": "make the node image and those of test pods, without a cluster, and print ENGINE NODE-IMAGE ARCHIVE",
        "tools": "install the programs that the tests without a cluster run, or name them",
    }
    for verb, text in texts.items():
        sub = verbs.add_parser(verb, help=text, description=text)
        sub.add_argument("--without-crictl", action="store_true", help="the other cluster, whose nodes have no crictl")
        if verb == "up":
            sub.add_argument("--nodes", type=_node_count, default=1, metavar="N", help="1 control plane and N-1 workers")
        if verb == "kubectl":
            sub.add_argument("words", nargs=argparse.REMAINDER, metavar="...", help="what follows goes to kubectl")
        if verb == "load":
            sub.add_argument("archive", type=Path, metavar="IMAGE-ARCHIVE")
    return top


def _node_count(text: str) -> int:
    most = 9
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of nodes from 1 to {most}")
    return int(text)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: list[str] | None = None) -> int:
    """Runs one verb; the exit code of the process."""
    options = parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    name = cluster_name(without_crictl=options.without_crictl)
    cache = Cache(cache_directory())
    try:
        runner = Runner(new_log(cache.root / "logs", f"{name}-{options.verb}"))
        return _run(options, bring_up.Request(name, cache, runner, options.without_crictl))
    except StepFailedError as error:
        print(f"e2e: {error}", file=sys.stderr)
        return EXIT_FAILED
    except OSError as error:
        print(f"e2e: {error}; the cache is {cache.root} (PAUSE_INSPECT_CACHE names another)", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        note("interrupted")
        return EXIT_INTERRUPTED


def _of_no_cluster(verb: str, request: bring_up.Request) -> int:
    if verb == "images":
        print(bring_up.images(request))
    elif sys.platform == "linux":
        requirements.ensure("tests", request.runner)
    return 0


def _run(options: argparse.Namespace, request: bring_up.Request) -> int:
    given = os.environ.get("E2E_KUBECONFIG")
    if options.verb in ("tools", "images"):
        return _of_no_cluster(options.verb, request)
    if options.verb == "kubeconfig":
        path = Path(given).expanduser().absolute() if given else request.directory / "kubeconfig"
        if not path.exists():
            note(f"no kubeconfig at {path}; " + ("correct E2E_KUBECONFIG" if given else "run `e2e/cluster up` first"))
            return EXIT_NOT_UP
        print(path)
        return 0
    if options.verb == "kubectl":
        program = bring_up.kubectl_program(request)
        kubeconfig = given or str(request.directory / "kubeconfig")
        os.execv(program, [program, f"--kubeconfig={kubeconfig}", *options.words])
    if given:
        return bring_up.with_given_cluster(options.verb, Path(given).expanduser().absolute(), options, request)
    if options.verb == "up":
        bring_up.up(request, options.nodes)
    elif options.verb == "down":
        bring_up.down(request)
    elif options.verb == "load":
        bring_up.load(request, options.archive)
    else:
        healthy, text = bring_up.status(request)
        print(text)
        return 0 if healthy else EXIT_NOT_UP
    return 0
