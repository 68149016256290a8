"""Why the API server does not let the inspector pod in, recognised by its words, and what would let it in.

Texts of Pod Security, quota, LimitRange, policy, webhook and namespace were recorded from Kubernetes 1.34; those of OpenShift and GKE
Autopilot are cited in the tests. Nothing of this is ever done by this program: relabelling a namespace is its owner's choice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from kubectl_pause.errors import PauseInspectError, Reason
from kubectl_pause.pasting import command_line

if TYPE_CHECKING:
    from kubectl_pause.access.api_errors import ApiError

_ELSEWHERE = "name a namespace of level privileged: --debug-namespace"
HOST_PID = "Pod Security lets hostPID in at level privileged alone, whatever --profile says"


@dataclass(frozen=True, slots=True)
class _Refusal:
    """`hint` may use `{namespace}` and the pattern's groups."""

    reason: Reason
    pattern: re.Pattern[str]
    hint: str


def _refusal(reason: Reason, pattern: str, hint: str) -> _Refusal:
    return _Refusal(reason, re.compile(pattern, re.IGNORECASE), hint)


_REFUSALS = (
    _refusal(
        "PodSecurity",
        r'violates PodSecurity "(?P<level>[a-z]+):',
        f"{HOST_PID}: {_ELSEWHERE}; "
        "or, for zombies of your own pods, go without one: kubectl pause-inspect zombies --inside; or its owner may allow "
        "it here: kubectl label namespace {namespace} pod-security.kubernetes.io/enforce=privileged --overwrite",
    ),
    _refusal(
        "SecurityContextConstraints",
        r"unable to validate against any security context constraint",
        "you need the SCC privileged (oc adm policy add-scc-to-user privileged USER), or one that allows hostPID, hostNetwork, uid 0 "
        "and the capabilities that --dry-run=client shows, in a namespace that Pod Security lets be privileged: "
        "--debug-namespace",
    ),
    _refusal(
        "Autopilot",
        r"denied by autogke|gke[- ]autopilot|autopilot cluster|GKE Warden",
        "GKE Autopilot admits no pod with hostPID of its users: its nodes cannot be inspected; Standard node pools can; zombies of "
        "your own pods are seen without one: kubectl pause-inspect zombies --inside",
    ),
    _refusal(
        "PriorityQuota",
        r"insufficient quota to match these scopes",
        "a quota of namespace {namespace} asks for a priority class that this pod does not have: --debug-namespace names another namespace",
    ),
    _refusal(
        "QuotaExceeded",
        r"exceeded quota: (?P<quota>[^, ]+)",
        "free or raise it (kubectl describe quota {quota} -n {namespace}), or name another namespace: --debug-namespace",
    ),
    _refusal(
        "QuotaExceeded",
        r"failed quota: (?P<quota>[^: ]+): must specify",
        "the quota {quota} of namespace {namespace} asks for limits that this pod does not set: --debug-namespace names another namespace",
    ),
    _refusal(
        "LimitRange",
        r"(maximum|minimum) \S+ (usage|limit to request ratio) per (Container|Pod)",
        "a LimitRange does not fit (kubectl describe limitrange -n {namespace}): --debug-namespace names another namespace",
    ),
    _refusal(
        "AdmissionPolicy",
        r"ValidatingAdmissionPolicy '(?P<policy>[^']+)'.* denied request",
        "exempt a namespace from ValidatingAdmissionPolicy {policy}, and name it: --debug-namespace",
    ),
    _refusal(
        "WebhookDenied",
        r'admission webhook "(?P<webhook>[^"]+)" denied the request',
        "exempt a namespace from the webhook {webhook}, and name it: --debug-namespace",
    ),
    _refusal(
        "WebhookFailed",
        r'failed calling webhook "(?P<webhook>[^"]+)"',
        "the webhook {webhook} does not answer: repair it, or name a namespace that it does not watch: --debug-namespace",
    ),
    _refusal(
        "NamespaceTerminating",
        r"namespace (?P<ending>\S+) because it is being terminated",
        "name a namespace that stays: --debug-namespace",
    ),
    _refusal("NamespaceNotFound", r'namespaces? "[^"]+" not found', "name one that exists: --debug-namespace"),
    _refusal(
        "NoServiceAccount",
        r'error looking up service account|serviceaccounts? "[^"]+" not found',
        "the namespace has no ServiceAccount default yet: try again, or name another namespace: --debug-namespace",
    ),
)
REASONS = frozenset(each.reason for each in _REFUSALS)
"""The words that `explained` gives."""
_OF_THE_NAMESPACE = ("NamespaceNotFound", "NamespaceTerminating")


def reason_of(error: ApiError) -> str:
    """The word for the refusal; "" for one that is not recognised."""
    return next((each.reason for each in _REFUSALS if each.pattern.search(error.message)), "")


def is_certain(error: ApiError) -> bool:
    """Whether the server did certainly not do what it was asked: its own failures (HTTP 5xx) leave that open, but for a failed webhook."""
    return error.status < HTTPStatus.INTERNAL_SERVER_ERROR or reason_of(error) == "WebhookFailed"


def is_of_the_namespace(error: ApiError) -> bool:
    """Whether nothing at all can be created in that namespace."""
    return reason_of(error) in _OF_THE_NAMESPACE


def explained(error: ApiError, namespace: str) -> PauseInspectError | None:
    """The refusal with its own reason and a next step, or None where it is none that is known."""
    for each in _REFUSALS:
        if found := each.pattern.search(error.message):
            words = {"namespace": namespace, **{key: value or "" for key, value in found.groupdict().items()}}
            message = error.message
            if each.reason == "NamespaceNotFound":
                message = f"the inspector pod needs a namespace: {message}"
            hint = each.hint.format_map({key: command_line(word) for key, word in words.items()})
            return PauseInspectError(each.reason, message, hint)
    return None
