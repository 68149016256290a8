"""The one exception that reaches a user.

Everything that can go wrong becomes a `PauseInspectError`: what happened, and what to do next. The command line prints
it as two lines on stderr; a run over several nodes puts it into the report's `errors` instead of ending.
"""

from __future__ import annotations

from typing import Literal, NewType

Reason = Literal[
    "AdmissionPolicy",
    "AnswerTooLarge",
    "AuthProviderNotSupported",
    "Autopilot",
    "BadAnswer",
    "BadConfig",
    "CannotWrite",
    "CaptureDamaged",
    "CaptureEmpty",
    "CaptureTooLarge",
    "CaptureTruncated",
    "CaptureVersion",
    "ClusterNotFound",
    "CollectorFailed",
    "ConnectionRefused",
    "ContainerNotRunning",
    "ContextNotFound",
    "CredentialPluginFailed",
    "CredentialPluginNotAllowed",
    "DemoEnded",
    "DemoFailed",
    "DifferentNodes",
    "ExecTimedOut",
    "HostLacksTool",
    "ImageLacksTool",
    "ImageNotPulled",
    "InClusterFailed",
    "InternalError",
    "Interrupted",
    "InvalidHeader",
    "InvalidImpersonation",
    "InvalidKubeconfig",
    "KubeconfigNotFound",
    "KubeconfigUnreadable",
    "KubeletRefuses",
    "KubeletSilent",
    "KubeletUnreachable",
    "LimitRange",
    "NamespaceNotFound",
    "NamespaceTerminating",
    "NoAnswer",
    "NoContext",
    "NoPods",
    "NoProc",
    "NoServiceAccount",
    "NoSuchFile",
    "NodeNotFound",
    "NodeNotReady",
    "NodeUnknown",
    "NotACapture",
    "NotFound",
    "NotLinux",
    "NotPermitted",
    "NotRecorded",
    "NotScheduled",
    "NotShown",
    "NotStarted",
    "NotSupported",
    "NothingToWatch",
    "OidcTokenExpired",
    "OtherKubelet",
    "OutputTooLarge",
    "PodSecurity",
    "PriorityQuota",
    "ProofFailed",
    "ProxyDropsUpgrade",
    "ProxyNotSupported",
    "ProxyRefusesExec",
    "QuotaExceeded",
    "RuntimeSilent",
    "RuntimeUnreachable",
    "RuntimeUnread",
    "SandboxNotMade",
    "SecurityContextConstraints",
    "ServerUnreachable",
    "StdinNotSupported",
    "StdinTooLarge",
    "StreamBroken",
    "TimedOut",
    "Timeout",
    "TooManyFailures",
    "UnknownType",
    "UnreadableAnswer",
    "UserNotFound",
    "VirtualNode",
    "WatcherFailed",
    "WebhookDenied",
    "WebhookFailed",
    "WindowsNode",
    "WrongUsage",
]
"""Every word of this program's own; docs/errors.md says what each means."""
ForeignReason = NewType("ForeignReason", str)
"""A word of the API server's or of a kubelet's, passed on."""


class PauseInspectError(Exception):
    """What happened, why it is known, and the next step.

    `reason` is a stable CamelCase word for programs, `message` one line of
    what happened and to which object, `hint` one line of what to do next, or "" where there is nothing to add.
    """

    def __init__(self, reason: Reason | ForeignReason, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.reason: Reason | ForeignReason = reason
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


def as_failure(node: str, error: BaseException) -> PauseInspectError:
    """What ended the reading of one node, as its row. A defect of ours becomes one too: it must not cost the others' rows.

    Raises what is no Exception.
    """
    if isinstance(error, PauseInspectError):
        return error
    if isinstance(error, Exception):
        what = f"node {node}: reading it failed by a defect of this program: {type(error).__name__}: {error}"
        return PauseInspectError("InternalError", what, "please report it with the output of kubectl pause-inspect version")
    raise error
