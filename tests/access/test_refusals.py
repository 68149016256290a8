"""Each refusal that an API server is known to give, in its own words, gets the next step that would let the pod in."""

from __future__ import annotations

import json

import pytest

from kubectl_pause.access.api_errors import refusal
from kubectl_pause.capture.admission.refusals import explained, is_certain, is_of_the_namespace

POD = 'pods "pause-inspect-0123456789" is forbidden: '
# Recorded from Kubernetes 1.34.4, one namespace each.
RECORDED = {
    "pod security, baseline": (
        403, POD + 'violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true, hostPID=true), privileged (container '
        '"collector" must not set securityContext.privileged=true)',
        "PodSecurity", "kubectl label namespace shop pod-security.kubernetes.io/enforce=privileged",
    ),
    "pod security, restricted": (
        403, POD + 'violates PodSecurity "restricted:latest": host namespaces (hostNetwork=true, hostPID=true), privileged (container '
        '"collector" must not set securityContext.privileged=true), allowPrivilegeEscalation != false (container "collector" must set '
        "securityContext.allowPrivilegeEscalation=false)",
        "PodSecurity", "--debug-namespace",
    ),
    "pod security, baseline, of a pod that is not privileged": (
        403, POD + 'violates PodSecurity "baseline:latest": non-default capabilities (container "collector" must not include '
        '"DAC_READ_SEARCH", "SYS_PTRACE" in securityContext.capabilities.add), host namespaces (hostNetwork=true, hostPID=true)',
        "PodSecurity", "lets hostPID in at level privileged alone, whatever --profile says",
    ),
    "quota": (
        403, POD + "exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0",
        "QuotaExceeded", "kubectl describe quota none -n shop",
    ),
    "limit range": (
        403, POD + "maximum memory usage per Container is 64Mi, but limit is 256Mi",
        "LimitRange", "kubectl describe limitrange -n shop",
    ),
    "policy": (
        422, POD + "ValidatingAdmissionPolicy 'no-privileged' with binding 'no-privileged' denied request: hostPID is not for you",
        "AdmissionPolicy", "ValidatingAdmissionPolicy no-privileged",
    ),
    "webhook that does not answer": (
        500, 'Internal error occurred: failed calling webhook "dead.example.com": failed to call webhook: service "nobody" not found',
        "WebhookFailed", "the webhook dead.example.com does not answer",
    ),
    "namespace that ends": (
        403, POD + "unable to create new content in namespace ending because it is being terminated",
        "NamespaceTerminating", "--debug-namespace",
    ),
    "namespace that is not there": (404, 'namespaces "nope" not found', "NamespaceNotFound", "--debug-namespace"),
}  # fmt: skip
# Not to be had on a cluster of our own; where the words are from stands beside each.
CITED = {
    "openshift (apiserver-library-go, security context constraint admission)": (
        403, POD + 'unable to validate against any security context constraint: [provider "anyuid": Forbidden: not usable by user or '
        "serviceaccount, provider restricted-v2: .spec.securityContext.hostPID: Invalid value: true]",
        "SecurityContextConstraints", "oc adm policy add-scc-to-user privileged",
    ),
    "GKE Autopilot (pixie-io/pixie issue 278)": (
        403, 'admission webhook "gke" denied the request: [denied by autogke-no-write-mode-hostpath] hostPath volume',
        "Autopilot", "Standard node pools",
    ),
    "priority quota of GKE (cilium/cilium issue 13852)": (
        403, POD + "insufficient quota to match these scopes: [{PriorityClass In [system-node-critical system-cluster-critical]}]",
        "PriorityQuota", "priority class",
    ),
    "a validating webhook (apiserver pkg/admission/plugin/webhook/errors)": (
        403, 'admission webhook "validation.gatekeeper.sh" denied the request: [psp-privileged] Privileged container is not allowed',
        "WebhookDenied", "the webhook validation.gatekeeper.sh",
    ),
    "quota that wants a limit (apiserver pkg quota admission)": (
        403, POD + "failed quota: compute: must specify limits.ephemeral-storage for: collector",
        "QuotaExceeded", "asks for limits that this pod does not set",
    ),
    "no service account (kubernetes plugin/pkg/admission/serviceaccount)": (
        403, POD + 'error looking up service account shop/default: serviceaccount "default" not found',
        "NoServiceAccount", "no ServiceAccount default yet",
    ),
}  # fmt: skip


def refused(code: int, message: str):
    """As the API server's answer becomes an error."""
    body = {"kind": "Status", "status": "Failure", "message": message, "reason": "Forbidden", "code": code}
    return refusal("host", code, json.dumps(body).encode())


@pytest.mark.parametrize("name", [*RECORDED, *CITED])
def test_each_refusal_is_recognised_and_answered(name):
    code, text, reason, hint = {**RECORDED, **CITED}[name]
    error = explained(refused(code, text), "shop")
    assert error is not None
    assert error.reason == reason
    assert text in error.message
    assert hint in error.hint
    assert is_certain(refused(code, text))


def test_a_failure_of_the_server_leaves_open_what_became_of_the_request():
    assert not is_certain(refused(500, "etcdserver: request timed out"))
    assert explained(refused(500, "etcdserver: request timed out"), "shop") is None


def test_a_namespace_in_which_nothing_can_be_made_is_not_a_refusal_of_jobs_alone():
    assert is_of_the_namespace(refused(404, 'namespaces "nope" not found'))
    assert not is_of_the_namespace(refused(403, 'jobs.batch is forbidden: User "jane" cannot create resource "jobs"'))


def test_braces_in_a_server_s_words_are_words():
    error = explained(refused(403, POD + "exceeded quota: {namespace}{0}, requested: pods=1"), "{shop}")
    assert error is not None
    assert "kubectl describe quota '{namespace}{0}' -n '{shop}'" in error.hint
