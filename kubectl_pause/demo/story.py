"""The demo, step by step: what is done, what the ordinary views show of it, and what that means."""

from __future__ import annotations

import os
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.demo import claims
from kubectl_pause.demo.hand_made_pod import HandMadePod
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.render.plain_text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubectl_pause.demo.claims import Claim
    from kubectl_pause.demo.waiting import Patience
    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.report import NodeReport, Sandbox

_WIDTH = 80
_STEPS = 6


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo is shown: `put` prints text, `show` the view of a report's pods, `next_step` waits before a step if asked to."""

    put: Callable[[str], None]
    show: Callable[[NodeReport], None]
    next_step: Callable[[], None]
    bold: Callable[[str], str]


class _Look:
    """One moment of this host: the report that `local` makes, and the processes that it was made from."""

    def __init__(self) -> None:
        from kubectl_pause.capture.local.this_host import capture_this_host
        from kubectl_pause.facts.kernel.process import parse_processes
        from kubectl_pause.inspect_node import inspect_capture

        capture = capture_this_host(use_crictl=False, use_engines=False)
        self.report = inspect_capture(capture, os.uname().nodename)
        self.processes: Mapping[int, Process] = parse_processes(capture.content("proc"))

    def sandbox(self, pid: int) -> Sandbox:
        """Raises PauseInspectError where the report has no sandbox that this process holds."""
        for each in self.report.sandboxes:
            if each.pid == pid:
                return each
        message = f"the report of this host does not show the pod that pause (pid {pid}) holds"
        raise PauseInspectError("NotShown", message, "in a container? then run it on the host itself; else please report this")

    def report_of(self, sandbox: Sandbox) -> NodeReport:
        """The report with that pod alone."""
        from kubectl_pause.select.captured_pods import by_uid, only_pods

        return only_pods(self.report, by_uid([sandbox.pod.uid]))


class Story:
    """Tells the demo once. Raises what HandMadePod raises."""

    def __init__(self, stage: Stage, patience: Patience) -> None:
        self._stage = stage
        self._patience = patience
        self._step = 0
        self._all_shown = True
        self._seen: set[tuple[int, int]] = set()

    def tell(self) -> bool:
        """True where every sentence was borne out by what was read. Whatever ends it, the pod is removed first."""
        self._say("A pod made by hand on this host: no cluster, no runtime, no file. All of it goes at the end.")
        self._stage.put("\n")
        with HandMadePod(self._patience) as pod:
            self._pause(pod)
            self._containers(pod)
            self._orphans(pod)
            before = self._zombie(pod)
            self._outlive(pod, before)
            self._heading("Everything goes")
        self._say("pause and the processes that started the pod were ended.")
        self._claim(claims.about_the_end(_Look().processes, self._seen))
        return self._all_shown

    def _pause(self, pod: HandMadePod) -> None:
        self._heading("Namespaces, and a process to hold them")
        pod.start_pause()
        self._say(
            f"pause (pid {pod.pid('pause')}) was started in new namespaces: net, ipc, uts, pid and mnt. A namespace lives for as long "
            "as a process is in it, so one that sleeps is enough. It is PID 1 of the PID namespace, and it does what Kubernetes' "
            "pause.c does: it exits on SIGINT and SIGTERM, it reaps, and it sleeps."
        )
        self._try("ls -l /proc/{pause}/ns", pod)

    def _containers(self, pod: HandMadePod) -> None:
        self._heading("Two containers join it")
        pod.start_container("own-pid")
        pod.start_container("shared-pid")
        self._say(
            f"own-pid (pid {pod.pid('own-pid')}) joined pause's net, ipc and uts, and has a PID namespace of its own. shared-pid "
            f"(pid {pod.pid('shared-pid')}) joined pause's PID namespace as well. Each has started a worker, and each worker a child."
        )
        self._try("grep NSpid /proc/{pause}/status /proc/{own-pid}/status /proc/{shared-pid}/status", pod)

    def _orphans(self, pod: HandMadePod) -> None:
        self._heading("The workers die, and leave orphans")
        pod.kill("own-worker")
        pod.kill("shared-worker")
        pod.await_parent("own-orphan", "own-pid")
        pod.await_parent("shared-orphan", "pause")
        self._say("Both workers were killed. Whose children are theirs now?")
        self._claim(claims.about_orphans(self._look(pod).processes, pod.pids))

    def _zombie(self, pod: HandMadePod) -> Sandbox:
        self._heading("The orphans die, and the pod is inspected")
        pod.kill("own-orphan")
        pod.kill("shared-orphan")
        pod.await_gone("shared-orphan")
        look = self._look(pod)
        sandbox = look.sandbox(pod.pid("pause"))
        self._stage.put(f"\n   $ kubectl pause-inspect local {visible(sandbox.pod.name)}\n\n")
        self._stage.show(look.report_of(sandbox))
        self._stage.put("\n")
        self._say("Line by line:")
        self._claim(claims.about_the_view(look.report.sources, sandbox, pod.pids))
        self._say("And the two orphans:")
        self._claim(claims.about_dead_orphans(look.processes, pod.pids))
        return sandbox

    def _outlive(self, pod: HandMadePod, before: Sandbox) -> None:
        self._heading("The containers die, the namespaces stay")
        for name in ("own-pid", "shared-pid"):
            pod.kill(name)
            pod.await_gone(name)
        self._say("Both containers were killed.")
        self._claim(claims.about_what_outlives(self._look(pod).processes, before, pod.pids))

    def _look(self, pod: HandMadePod) -> _Look:
        """Taken while the pod was there: one that somebody else has ended is not to be explained."""
        look = _Look()
        pod.check()
        self._seen |= {(pid, look.processes[pid].start_ticks) for pid in pod.pids.values() if pid in look.processes}
        return look

    def _heading(self, text: str) -> None:
        if self._step:
            self._stage.next_step()
        self._patience.check()
        self._step += 1
        self._stage.put("\n" * bool(self._step > 1) + self._stage.bold(f"{self._step}/{_STEPS}  {text}") + "\n")

    def _try(self, command: str, pod: HandMadePod) -> None:
        """A command by which whoever steps through can look for himself."""
        self._say(f"See it: {command.format_map(pod.pids)}")

    def _claim(self, made: list[Claim]) -> None:
        for each in made:
            self._say(each.sentence if each.shown else f"NOT SHOWN by what was read: {each.sentence}", mark="- ")
            self._all_shown &= each.shown

    def _say(self, text: str, mark: str = "") -> None:
        first, rest = "   " + mark, "   " + " " * len(mark)
        shown = visible(text, 1000)
        lines = textwrap.wrap(shown, _WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)
        self._stage.put("\n".join(lines) + "\n")
