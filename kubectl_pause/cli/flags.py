"""The flags that several verbs share, declared once as dataclasses and unfolded into each verb's signature.

Spelling and meaning are kubectl's (`cli-runtime/pkg/genericclioptions/config_flags.go`) where kubectl has the flag.
"""

from __future__ import annotations

import functools
import inspect
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any, Optional, get_type_hints

import typer

from kubectl_pause.cli.durations import keep_seconds, seconds
from kubectl_pause.cli.idle_flags import FlagGroups, refuse_idle
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kubectl_pause.access.connection_flags import ConnectionFlags
    from kubectl_pause.capture.fan_out import Bounds
    from kubectl_pause.capture.inspector_pod import Health, InspectorOptions

CONNECTION, _READING, OUTPUT = "Options", "Reading nodes", "Output"


def flag(panel: str, *names: str, **settings: Any) -> Any:
    """A flag under one of the headings of `--help`."""
    hidden = panel == CONNECTION and "--namespace" not in names  # `options` lists them, as in kubectl
    return typer.Option(*names, rich_help_panel=panel, hidden=hidden, **settings)


@dataclass(frozen=True, slots=True)
class KubeFlags:
    """kubectl's own flags: which cluster, as whom."""

    kubeconfig: Annotated[Optional[str], flag(CONNECTION, "--kubeconfig", metavar="FILE", help="Path of the kubeconfig file.")] = None
    kuberc: Annotated[
        Optional[str], flag(CONNECTION, "--kuberc", metavar="FILE", help="Path of the kuberc file: which credential plugins may run.")
    ] = None
    context: Annotated[Optional[str], flag(CONNECTION, "--context", metavar="NAME", help="Context of the kubeconfig.")] = None
    cluster: Annotated[Optional[str], flag(CONNECTION, "--cluster", metavar="NAME", help="Cluster of the kubeconfig.")] = None
    user: Annotated[Optional[str], flag(CONNECTION, "--user", metavar="NAME", help="User of the kubeconfig.")] = None
    namespace: Annotated[
        Optional[str], flag(CONNECTION, "--namespace", "-n", metavar="NAME", help="Namespace of the pods. [the context's]")
    ] = None
    server: Annotated[Optional[str], flag(CONNECTION, "--server", "-s", metavar="URL", help="Address of the API server.")] = None
    token: Annotated[Optional[str], flag(CONNECTION, "--token", metavar="TOKEN", help="Bearer token.")] = None
    as_user: Annotated[Optional[str], flag(CONNECTION, "--as", metavar="USER", help="User to impersonate.")] = None
    as_group: Annotated[
        Optional[list[str]], flag(CONNECTION, "--as-group", metavar="GROUP", help="Group to impersonate; may be repeated.")
    ] = None
    as_uid: Annotated[Optional[str], flag(CONNECTION, "--as-uid", metavar="UID", help="UID to impersonate.")] = None
    as_user_extra: Annotated[
        Optional[list[str]],
        flag(CONNECTION, "--as-user-extra", metavar="KEY=VALUE", help="Extra field of the user to impersonate; may be repeated."),
    ] = None
    certificate_authority: Annotated[
        Optional[str], flag(CONNECTION, "--certificate-authority", metavar="FILE", help="CA certificate of the server.")
    ] = None
    client_certificate: Annotated[Optional[str], flag(CONNECTION, "--client-certificate", metavar="FILE", help="Client certificate.")] = (
        None
    )
    client_key: Annotated[Optional[str], flag(CONNECTION, "--client-key", metavar="FILE", help="Key of the client certificate.")] = None
    tls_server_name: Annotated[
        Optional[str], flag(CONNECTION, "--tls-server-name", metavar="NAME", help="Name that the server's certificate must have.")
    ] = None
    insecure_skip_tls_verify: Annotated[
        bool, flag(CONNECTION, "--insecure-skip-tls-verify", help="Do not verify the server's certificate.")
    ] = False
    request_timeout: Annotated[
        str, flag(CONNECTION, "--request-timeout", metavar="TIME", help="Time limit of one request: 10s, 2m; 0 means --timeout.")
    ] = "10s"
    verbosity: Annotated[
        int,
        flag(
            CONNECTION, "--v", "-v", metavar="LEVEL", min=0,
            help="Log to stderr: 1 each step, 6 each request with its time, 9 headers too; credentials are hidden.",
        ),
    ] = 0  # fmt: skip

    def connection(self, longest: float) -> ConnectionFlags:
        """As `connect` takes them; no request outlasts `longest` seconds, not even with `--request-timeout 0`.

        Raises PauseInspectError for a bad duration.
        """
        from kubectl_pause.access.connection_flags import ConnectionFlags

        values = {flag.name: getattr(self, flag.name) for flag in fields(self)}
        values |= {name: tuple(value or ()) for name, value in values.items() if name in ("as_group", "as_user_extra")}
        limit = min(seconds(self.request_timeout, "--request-timeout") or longest, longest)
        return ConnectionFlags(**{**values, "request_timeout": limit})


@dataclass(frozen=True, slots=True)
class CaptureFlags:
    """How a node is read."""

    image: Annotated[
        Optional[str],
        flag(
            _READING,
            "--image",
            metavar="IMAGE",
            envvar="PAUSE_INSPECT_IMAGE",
            help="Image of the inspector pod; it must have busybox. [docker.io/library/busybox:1.36]",
        ),
    ] = None
    image_pull_policy: Annotated[
        Optional[str],
        flag(_READING, "--image-pull-policy", metavar="POLICY", help="IfNotPresent, Always or Never. [IfNotPresent]"),
    ] = None
    image_pull_secret: Annotated[
        Optional[list[str]],
        flag(_READING, "--image-pull-secret", metavar="NAME", help="Pull secret in the inspector pod's namespace; may be repeated."),
    ] = None
    debug_namespace: Annotated[
        Optional[str],
        flag(
            _READING,
            "--debug-namespace",
            metavar="NAME",
            envvar="PAUSE_INSPECT_NAMESPACE",
            help="Namespace of the inspector pod. [kube-system]",
        ),
    ] = None
    timeout: Annotated[
        str, flag(_READING, "--timeout", metavar="TIME", help="Time limit for one node, from the inspector pod's creation to its answer.")
    ] = "60s"
    parallel: Annotated[
        Optional[int],
        flag(
            _READING, "--parallel", min=1, max=100, metavar="N",
            help="Number of nodes read at once. [as many as the API server bears, up to 64]",
        ),
    ] = None  # fmt: skip
    crictl: Annotated[bool, flag(_READING, "--crictl/--no-crictl", show_default=False, help="Ask crictl (default), or not.")] = True
    fds: Annotated[
        bool, flag(_READING, "--fds", help="Also find open file descriptors that keep namespaces alive; this reads every descriptor.")
    ] = False
    args: Annotated[
        bool, flag(_READING, "--args", help="Also read arguments of init processes and parents of zombies; they may be secret.")
    ] = False
    profile: Annotated[
        Optional[str],
        flag(
            _READING,
            "--profile",
            metavar="PROFILE",
            help="Rights of the inspector pod: general (three capabilities), sysadmin (privileged), or auto: sysadmin if general "
            "cannot read the node. [general]",
        ),
    ] = None
    selinux_type: Annotated[
        Optional[str],
        flag(_READING, "--selinux-type", metavar="TYPE", help="SELinux type of the inspector pod, such as spc_t. [the node's default]"),
    ] = None
    via: Annotated[
        Optional[str],
        flag(
            _READING,
            "--via",
            metavar="POD",
            help="Read through an existing pod that can read the node, and create none: [NAMESPACE/]POD or ds/NAME.",
        ),
    ] = None
    transport: Annotated[
        str,
        flag(
            _READING,
            "--transport",
            metavar="WAY",
            help="How the answer comes back: exec, log (needs no exec), or auto: log if exec is forbidden.",
        ),
    ] = "auto"
    keep: Annotated[
        Optional[str],
        flag(
            _READING,
            "--keep",
            metavar="TIME",
            help="Keep the inspector pod this long, up to 1h, for your next runs with --keep; use the kept one if there is one.",
        ),
    ] = None
    dry_run: Annotated[
        Optional[str],
        flag(_READING, "--dry-run", metavar="WAY", help="client or server: print what would be created; create nothing."),
    ] = None

    def inspector(
        self, sample: float = 0.0, *, health: Health = "no", logs_of: Mapping[str, Sequence[str]] | None = None
    ) -> InspectorOptions:
        """As the capture package takes them, for one sample or for a second one `sample` seconds later.

        Raises PauseInspectError for a bad duration.
        """
        from kubectl_pause.capture.admission.profile import PROFILES
        from kubectl_pause.capture.inspector_pod import DEFAULT_IMAGE, DEFAULT_NAMESPACE, PULL_POLICIES, TRANSPORTS, InspectorOptions
        from kubectl_pause.cli.config_file import one_of, read_defaults

        defaults = read_defaults()
        policy = one_of(PULL_POLICIES, "--image-pull-policy", self.image_pull_policy or defaults.image_pull_policy)
        profile = one_of(PROFILES, "--profile", self.profile or defaults.profile)
        timeout = seconds(self.timeout, "--timeout")
        if not 1 <= timeout <= 3600:  # noqa: PLR2004 (an hour)
            raise PauseInspectError("WrongUsage", f"--timeout: {self.timeout} is out of range", "give a time between 1s and 1h")
        return InspectorOptions(
            image=self.image or defaults.image or DEFAULT_IMAGE,
            pull_policy=policy,
            pull_secrets=tuple(self.image_pull_secret or defaults.image_pull_secrets),
            namespace=self.debug_namespace or defaults.debug_namespace or DEFAULT_NAMESPACE,
            profile=profile,
            selinux_type=self.selinux_type or defaults.selinux_type,
            timeout=timeout + sample,
            use_crictl=self.crictl,
            read_fds=self.fds,
            read_args=self.args,
            read_health=health,
            logs_of=logs_of or {},
            via=self.via,
            transport=one_of(TRANSPORTS, "--transport", self.transport),
            keep_seconds=keep_seconds(self.keep),
            sample_seconds=sample,
        )

    def bounds(self) -> Bounds:
        """Of a run over several nodes."""
        from kubectl_pause.capture.fan_out import Bounds

        return Bounds(self.parallel)


@dataclass(frozen=True, slots=True)
class FleetFlags(CaptureFlags):
    """How many nodes are read."""

    max_failures: Annotated[
        Optional[int],
        flag(_READING, "--max-failures", min=1, metavar="N", help="Start no further node after N failed; the others end."),
    ] = None

    def bounds(self) -> Bounds:
        """Of a run over several nodes."""
        from kubectl_pause.capture.fan_out import Bounds

        return Bounds(self.parallel, self.max_failures)


def _given(call: typer.Context) -> dict[str, str]:
    """The flags that stand on the command line, by parameter, as they are written in full."""
    spelled = {parameter.name or "": max(parameter.opts, key=len) for parameter in call.command.params}
    sources = {name: call.get_parameter_source(name) for name in spelled}
    return {name: flag for name, flag in spelled.items() if (source := sources[name]) and source.name == "COMMANDLINE"}


def with_shared_flags(verb: Callable[..., int], without: Sequence[str] = ()) -> Callable[..., int]:
    """Unfold each parameter of `verb` that is one of the dataclasses above into that dataclass's flags, but for those in `without`.

    A flag that has no effect in a call is an error of that call.
    """
    hints = get_type_hints(verb, include_extras=True)
    groups: dict[str, type] = {}
    parameters = []
    for name, parameter in inspect.signature(verb).parameters.items():
        kind = hints[name]
        if is_dataclass(kind) and isinstance(kind, type):
            groups[name] = kind
            of_group = get_type_hints(kind, include_extras=True)
            parameters += [
                inspect.Parameter(
                    each.name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=inspect.Parameter.empty if each.default is MISSING else each.default,
                    annotation=of_group[each.name],
                )
                for each in fields(kind)
                if each.name not in without
            ]
        else:
            parameters.append(parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY))

    parameters.append(inspect.Parameter("_call", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context))

    of_cluster = [flag.name for flag in fields(KubeFlags) if flag.name != "namespace"]
    flag_groups = FlagGroups(of_cluster, [flag.name for flag in fields(FleetFlags)])

    @functools.wraps(verb)
    def unfolded(**values: Any) -> int:
        refuse_idle(verb.__name__, _given(values.pop("_call")), values, flag_groups)
        for name, kind in groups.items():
            values[name] = kind(**{each.name: values.pop(each.name) for each in fields(kind) if each.name in values})
        return verb(**values)

    unfolded.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # what typer reads
    del unfolded.__wrapped__  # else typer reads the folded signature
    unfolded.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return unfolded
