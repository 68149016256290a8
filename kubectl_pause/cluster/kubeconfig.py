"""From kubectl's flags to a connection.

`kubernetes` loads certificates, tokens, OIDC and in-cluster credentials and makes the connection pool. What it gets wrong
or leaves out is done before it is asked: merging and selection (kubeconfig_files), the exec credential plugin
(credential_plugin), impersonation, proxies.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kubectl_pause import __version__
from kubectl_pause.cluster.credential_plugin import run_credential_plugin
from kubectl_pause.cluster.impersonation import impersonation_headers
from kubectl_pause.cluster.kubeconfig_files import Entry, Kubeconfig, Selection, as_written, read_kubeconfig, search_paths, select
from kubectl_pause.cluster.proxies import choose_proxy
from kubectl_pause.cluster.rest import Api, Connection
from kubectl_pause.cluster.text import one_line
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

IN_CLUSTER_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_POOL_SIZE = 32
_LOADING_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class ConnectionFlags:
    """kubectl's own flags; None, "" and () are unset."""

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None
    as_user: str | None = None
    as_group: tuple[str, ...] = ()
    as_uid: str | None = None
    server: str | None = None
    token: str | None = None
    insecure_skip_tls_verify: bool = False
    tls_server_name: str | None = None
    certificate_authority: str | None = None
    request_timeout: float = 10.0
    """Seconds for one request; 0 is none, as for kubectl."""


def connect(flags: ConnectionFlags) -> Api:
    """Work out server, credentials and namespace; no request is made yet, but a credential plugin is run.

    Raises PauseInspectError when no kubeconfig is found, names do not exist, a file is malformed or a plugin fails.
    """
    config = read_kubeconfig(search_paths(flags.kubeconfig, os.environ), must_exist=bool(flags.kubeconfig))
    if not config.found and not flags.server:
        if not flags.context and os.environ.get("KUBERNETES_SERVICE_HOST") and os.environ.get("KUBERNETES_SERVICE_PORT"):
            return _in_cluster(flags)
        raise _no_kubeconfig(config)
    return _from_selection(select(config, flags), flags)


def _no_kubeconfig(config: Kubeconfig) -> PauseInspectError:
    looked = ", ".join(str(path) for path in config.searched)
    return PauseInspectError(
        "KubeconfigNotFound", f"no kubeconfig found (looked for {looked})", "give --kubeconfig FILE, or set KUBECONFIG"
    )


def _from_selection(selection: Selection, flags: ConnectionFlags) -> Api:
    cluster, user = dict(selection.cluster.fields), dict(selection.user.fields)
    headers = impersonation_headers(user)
    provider = user.get("auth-provider")
    if isinstance(provider, dict) and provider.get("name") != "oidc":
        raise PauseInspectError(
            "AuthProviderNotSupported",
            f'the auth provider "{one_line(str(provider.get("name")))}" of user "{selection.user.name}" is not supported',
            "kubectl dropped it too (1.26): use an exec plugin, such as kubelogin or gke-gcloud-auth-plugin",
        )
    cluster["server"] = _server_url(cluster)
    plugin = user.pop("exec", None) if not (user.get("token") or user.get("tokenFile")) else None
    if isinstance(plugin, dict):
        user |= run_credential_plugin(plugin, cluster, timeout=flags.request_timeout)
    if user.get("tokenFile") and not user.get("token"):
        user["token"] = _token_from(user.pop("tokenFile"))
    settings = _load(Entry(selection.cluster.name, cluster, None), Entry(selection.user.name, user, selection.user.path), flags)
    proxy = choose_proxy(cluster["server"], cluster.get("proxy-url"), os.environ)
    renew = _renewal(settings, plugin, cluster, flags) if isinstance(plugin, dict) and user.get("token") else None
    return _api(settings, selection.namespace, selection.context, headers, proxy, renew, flags)


def _server_url(cluster: dict[str, Any]) -> str:
    server = str(cluster["server"]).rstrip("/")
    if "://" not in server:
        secure = any(cluster.get(key) for key in ("certificate-authority", "certificate-authority-data", "insecure-skip-tls-verify"))
        server = ("https://" if secure else "http://") + server
    try:
        parts = urlsplit(server)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise PauseInspectError(
            "InvalidKubeconfig",
            "the server address of the cluster is not an http(s) URL",
            "correct clusters[].cluster.server",
        )
    return server


def _token_from(path: str) -> str:
    try:
        token = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise PauseInspectError("InvalidKubeconfig", f"cannot read the token file {path}: {error}", "correct tokenFile") from None
    if not token:
        raise PauseInspectError("InvalidKubeconfig", f"the token file {path} is empty", "correct tokenFile")
    return token


def _load(cluster: Entry, user: Entry, flags: ConnectionFlags) -> Any:
    """A kubernetes Configuration for this cluster and user."""
    from kubernetes.client import Configuration
    from kubernetes.config.kube_config import KubeConfigLoader

    if cluster.fields.get("insecure-skip-tls-verify"):
        for key in ("certificate-authority", "certificate-authority-data"):
            cluster.fields.pop(key, None)
    if cluster.fields.get("proxy-url") is not None:
        # Ours alone: choose_proxy() answers for it, on every version.
        cluster = Entry(cluster.name, {key: value for key, value in cluster.fields.items() if key != "proxy-url"}, None)
    document = {
        "current-context": "chosen",
        "contexts": [{"name": "chosen", "context": {"cluster": "chosen", "user": "chosen"}}],
        "clusters": [{"name": "chosen", "cluster": cluster.fields}],
        "users": [{"name": "chosen", "user": user.fields}],
    }
    settings = Configuration()

    def load() -> None:
        loader: Any = KubeConfigLoader
        loader(config_dict=document, config_base_path="", config_persister=_persister(user)).load_and_set(settings)

    try:
        if user.fields.get("auth-provider"):
            _within(flags.request_timeout or _LOADING_SECONDS, load, f'the OIDC provider of user "{user.name}"')
        else:
            load()
    except PauseInspectError:
        raise
    except Exception as error:  # noqa: BLE001
        raise PauseInspectError(
            "InvalidKubeconfig",
            f'the credentials of user "{user.name}" for cluster "{cluster.name}" cannot be used: {_words(error)}',
            "compare with kubectl config view --minify",
        ) from None
    if user.fields.get("auth-provider") and not settings.auth_settings():
        raise PauseInspectError(
            "OidcRefreshFailed",
            f'the OIDC provider of user "{user.name}" gave no valid token',
            "log in again with your OIDC tool",
        )
    return settings


def _words(error: Exception) -> str:
    text = one_line(str(error).replace("kube-config", "kubeconfig"))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _within(seconds: float, work: Callable[[], None], waited_for: str) -> None:
    """Run `work`, which has no deadline of its own, in a thread that is left behind when it takes too long."""
    failures: list[Exception] = []

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise PauseInspectError("OidcRefreshFailed", f"{waited_for} did not answer within {seconds:g} s", "check network or VPN")
    if failures:
        raise failures[0]


def _persister(user: Entry) -> Callable[[], None]:
    """Write a renewed OIDC token back, as kubectl does: with rotation the old refresh token is dead for everyone."""

    def persist() -> None:
        import tempfile

        import yaml

        if user.path is None:
            return
        document = yaml.load(user.path.read_bytes(), Loader=as_written())  # noqa: S506 (a safe loader)
        for entry in document["users"]:
            if entry["name"] == user.name:
                renewed = user.fields["auth-provider"]["config"]
                entry["user"]["auth-provider"]["config"] |= {key: renewed[key] for key in ("id-token", "refresh-token") if key in renewed}
        target = user.path.resolve()
        with tempfile.NamedTemporaryFile("w", dir=target.parent, delete=False, encoding="utf-8") as file:
            yaml.safe_dump(document, file, default_flow_style=False, sort_keys=False)
        Path(file.name).replace(target)

    return persist


def _renewal(settings: Any, plugin: dict[str, Any], cluster: dict[str, Any], flags: ConnectionFlags) -> Callable[[], bool]:
    def renew() -> bool:
        token = run_credential_plugin(plugin, cluster, timeout=flags.request_timeout).get("token")
        if not token:
            return False
        key = next(iter(settings.api_key))
        changed: bool = settings.api_key[key] != f"Bearer {token}"
        # The loader's hook would put the first token back.
        settings.refresh_api_key_hook = None
        settings.api_key[key] = f"Bearer {token}"
        return changed

    return renew


def _in_cluster(flags: ConnectionFlags) -> Api:
    from kubernetes.client import Configuration
    from kubernetes.config.config_exception import ConfigException
    from kubernetes.config.incluster_config import load_incluster_config

    load: Any = load_incluster_config
    settings = Configuration()
    try:
        load(client_configuration=settings)
    except (ConfigException, OSError) as error:
        raise PauseInspectError(
            "InClusterFailed",
            f"no kubeconfig, and the pod's service account cannot be used: {one_line(str(error))}",
            "give --kubeconfig FILE, or mount a service account token",
        ) from None
    namespace = flags.namespace
    if not namespace:
        try:
            namespace = IN_CLUSTER_NAMESPACE.read_text(encoding="utf-8").strip()
        except OSError:
            namespace = ""  # an old or unusual mount; kubectl takes "default" too
    user = {"as": flags.as_user, "as-uid": flags.as_uid, "as-groups": list(flags.as_group)}
    if flags.token:
        settings.refresh_api_key_hook = None
        settings.api_key[next(iter(settings.api_key))] = f"Bearer {flags.token}"
    proxy = choose_proxy(settings.host, None, os.environ)
    return _api(settings, namespace or "default", None, impersonation_headers(user), proxy, None, flags)


def _api(  # noqa: PLR0913, PLR0917
    settings: Any,
    namespace: str,
    context: str | None,
    headers: tuple[tuple[str, str], ...],
    proxy: str | None,
    renew: Callable[[], bool] | None,
    flags: ConnectionFlags,
) -> Api:
    pool = _pool(settings, proxy)

    def authorization() -> str | None:
        setting = next(iter(settings.auth_settings().values()), None)
        return str(setting["value"]) if setting else None

    def tls_context() -> ssl.SSLContext:
        return _tls_context(settings)

    return Api(
        Connection(
            server=settings.host,
            namespace=namespace,
            context=context,
            pool=pool,
            authorization=authorization,
            renew=renew,
            impersonation=headers,
            tls_context=tls_context,
            tls_server_name=settings.tls_server_name or None,
            proxy=proxy,
            request_timeout=flags.request_timeout,
            user_agent=f"kubectl-pause_inspect/{__version__}",
        )
    )


def _pool(settings: Any, proxy: str | None) -> Any:
    """The urllib3 pool that `kubernetes` makes of its settings."""
    from urllib.parse import unquote

    import urllib3
    from kubernetes.client import ApiClient

    settings.proxy = proxy
    settings.no_proxy = None
    settings.connection_pool_maxsize = _POOL_SIZE
    if proxy and (parts := urlsplit(proxy)).username:
        settings.proxy_headers = urllib3.make_headers(proxy_basic_auth=f"{unquote(parts.username)}:{unquote(parts.password or '')}")
    if not settings.verify_ssl:
        # Asked for by flag or kubeconfig; urllib3 would print a warning for each request.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return ApiClient(configuration=settings).rest_client.pool_manager


def _tls_context(settings: Any) -> ssl.SSLContext:
    """The pool's TLS settings for a connection that does not come from the pool."""
    import ssl

    context = ssl.create_default_context(cafile=settings.ssl_ca_cert or None)
    if not settings.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file or None)
    return context
