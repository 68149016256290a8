"""What a pod's own containers see: their PID namespaces, read by a shell in them. It needs `pods/exec` there, and makes nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_pause.access.exec_stream import ExecNotReady, StreamBroken, exec_in_pod
from kubectl_pause.access.rest import ApiError
from kubectl_pause.capture import script
from kubectl_pause.capture.answers.node_answer import without_answer
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.capture import parse_capture
from kubectl_pause.pasting import command_line

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Api
    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.capture import Capture

_NO_SHELL = re.compile(r"executable file not found|no such file or directory|not found in \$PATH|stat .*/sh", re.IGNORECASE)


def read_inside(api: Api, pod: Pod, container: str, *, sample: float, timeout: float) -> Capture:
    """What `container` sees of its PID namespace, by one look or by two `sample` seconds apart.

    Raises PauseInspectError: no shell in its image, no right to exec, no answer in `timeout` seconds.
    """
    namespace, name = pod.metadata.namespace or "", pod.metadata.name
    where = f"container {container} of pod {namespace}/{name}"
    command = ["sh", "-c", f"SAMPLE_SECONDS={sample:g}\n{_script()}"]
    try:
        result = exec_in_pod(api, namespace, name, container, command, deadline_seconds=timeout + sample)
    except ExecNotReady as error:
        why = command_line("kubectl", "pause-inspect", "why", "-n", namespace, name)
        raise PauseInspectError("ContainerNotRunning", f"{where} does not run: {error.message}", f"see why: {why}") from None
    except StreamBroken as error:
        raise PauseInspectError(error.reason, f"{where}: {error.message}", error.hint) from None
    except ApiError as error:
        if _NO_SHELL.search(error.message):
            raise _no_shell(pod, container, where) from None
        raise PauseInspectError(error.reason, f"{where}: {error.message}", error.hint or _rights(namespace)) from None
    if not result.stdout.startswith(b"#pause-inspect-collector"):
        if _NO_SHELL.search(result.last_words) or result.exit_code in (126, 127):
            raise _no_shell(pod, container, where)
        raise without_answer(result, f"{where}: the reading", "look at the pod's node")
    capture = parse_capture(result.stdout, where)
    if f"\n{capture.header.get('self', '')}/stat:".encode() not in b"\n" + capture.content("proc"):
        what = f"{where}: what was read does not hold the process that read it, so others may be missing"
        raise PauseInspectError("CaptureDamaged", what, "try again; if it happens each time, its /proc shows no processes")
    return capture


def _script() -> str:
    """Without what is there for people: it is part of an address, and proxies take no long ones."""
    text = script("inside.sh")
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def _no_shell(pod: Pod, container: str, where: str) -> PauseInspectError:
    line = command_line(
        "kubectl",
        "debug",
        "-n",
        pod.metadata.namespace or "",
        pod.metadata.name,
        "-it",
        "--image=busybox",
        f"--target={container}",
        "--",
        "sh",
    )
    message = f"{where} has no shell in its image, so nothing can be read inside of it"
    return PauseInspectError("ImageLacksTool", message, f"an ephemeral container would see its processes: {line}")


def _rights(namespace: str) -> str:
    asked = command_line("kubectl", "auth", "can-i", "create", "pods", "--subresource=exec", "-n", namespace)
    return f"--inside needs the verbs create and get on pods/exec there: {asked}"
