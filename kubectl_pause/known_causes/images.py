"""Causes in the words of image pulls, which fail in layers: name, DNS, connection, TLS, status, content, disk, signature.

Long, since it is a table. Texts: containerd 2.2 (core/remotes/docker, core/unpack), CRI-O 1.37 (containers/image), the kubelet of
Kubernetes 1.36 (pkg/kubelet/images).
"""

from __future__ import annotations

from kubectl_pause.known_causes.cause import Cause

_PULL = "on the node: crictl pull {image}"
_PUBLIC = (
    r".*https://(?:registry\.k8s\.io|k8s\.gcr\.io|registry-1\.docker\.io|quay\.io|gcr\.io|ghcr\.io|mcr\.microsoft\.com|public\.ecr\.aws)/"
)
_RATE = (
    "wait for the back-off; pull through a mirror, or with an account (spec.imagePullSecrets): the limit is for the nodes' shared address"
)
_SECRETS = (
    "kubectl get pod -n {namespace} {pod} -o jsonpath='{{.spec.imagePullSecrets}}'  # the secret must be there, and be one for the "
    "image's registry"
)

IMAGES = (
    Cause(
        code="image/rate-limit",
        at_fault="registry",
        scope="cluster",
        heals_itself="when: the registry's limit allows it again",
        says="the registry limits how often it is asked (429)",
        step=_RATE,
        frame=r"(?:429 Too Many Requests|toomanyrequests|you have reached your (?:unauthenticated )?pull rate limit)",
    ),
    Cause(
        code="image/name",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the image name {image} is not valid: {rest}",
        step="correct the name: lower case, no blank, no https://",
        frame=r".*(?:invalid reference format|couldn't parse image reference)",
    ),
    Cause(
        code="image/name",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the image has a short name, and this node does not guess its registry",
        step="write the full name, as in docker.io/library/nginx:alpine",
        frame=r"(?:short.name mode is enforcing|short-name \S+ did not resolve|.*no unqualified-search registries)",
    ),
    Cause(
        code="image/signature",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the node's signature policy cannot be read: {rest}",
        step="on the node: cat /etc/containers/policy.json  # correct it: it is of another version than the runtime",
        frame=r"invalid policy in",
    ),
    Cause(
        code="image/signature",
        at_fault="image",
        scope="pod",
        heals_itself="no",
        says="the image is not signed, and this node requires a signature",
        step="sign the image, or correct the policy for that registry (policy.json, ClusterImagePolicy)",
        frame=r".*(?:A signature was required, but no signature exists)",
        sure="likely",
    ),
    Cause(
        code="image/signature",
        at_fault="cluster-config",
        scope="cluster",
        heals_itself="no",
        says="no signature of the image is one that this cluster accepts: {rest}",
        step="check the key of the policy for that registry (policy.json, ClusterImagePolicy)",
        frame=r".*(?:None of the signatures were accepted|signature verification failed|Source image rejected)",
    ),
    Cause(
        code="image/name",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the registry's name is a Service of the cluster, which nodes cannot resolve: {host}",
        step="use a name or address that nodes reach: an ingress, or a NodePort",
        frame=r"lookup (?P<host>\S+\.svc(?:\.\S+)?)(?: on \S+)?$",
        outer=r"dial tcp$|.*",
    ),
    Cause(
        code="image/proxy",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the runtime's proxy setting is wrong: {rest}",
        step="on the node: systemctl show -p Environment containerd crio  # HTTPS_PROXY must be a URL",
        frame=r"(?:lookup \S+|dial tcp)",
        outer=r"proxyconnect tcp",
        sure="likely",
    ),
    Cause(
        code="image/dns",
        at_fault="runtime",
        scope="node",
        heals_itself="no",
        says="the runtime cannot resolve names on this node: its build has a faulty resolver",
        step="use another build of the runtime; nothing is mounted too often",
        outer=r"lookup \S+",
        errno="device or resource busy",
        sure="likely",
    ),
    Cause(
        code="image/dns",
        at_fault="cluster-config",
        scope="node",
        heals_itself="when: the node's DNS answers",
        says="the node cannot resolve the registry's name: {rest}",
        step="on the node: resolvectl query {host}; cat /etc/resolv.conf  # is the name right, and does that server answer?",
        frame=r"lookup (?P<host>\S+)",
    ),
    Cause(
        code="image/clock",
        at_fault="node-kernel",
        scope="node",
        heals_itself="when: the node's clock is right",
        says="the node's clock is wrong: {rest}",
        step="on the node: timedatectl; chronyc tracking",
        frame=r".*certificate has expired or is not yet valid.*",
        outer=r".*",
        sure="certain",
    ),
    Cause(
        code="image/tls",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the node does not trust the registry's certificate",
        step="put the registry's CA into /etc/containerd/certs.d/HOST/hosts.toml (or /etc/containers/certs.d), not skip_verify",
        frame=r"(?:certificate signed by unknown authority|x509$|tls$|.*failed to verify certificate|.*certificate is valid for|.*SANs)",
    ),
    Cause(
        code="image/tls",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="the registry speaks HTTP, and the node asks by HTTPS",
        step="configure the registry's address as http in the runtime's hosts.toml, or give the registry a certificate",
        frame=r".*server gave HTTP response to HTTPS client",
    ),
    Cause(
        code="image/mirror",
        at_fault="cluster-config",
        scope="node",
        heals_itself="no",
        says="a mirror that the runtime is configured with answers with an error: {status}",
        step="on the node: cat /etc/containerd/certs.d/*/hosts.toml  # the mirror's address ends in ?ns=; correct or remove it",
        frame=r"(?P<status>[45]\d\d [A-Z].*)",
        outer=r".*https?://\S*\?ns=",
        sure="likely",
    ),
    Cause(
        code="image/denied",
        at_fault="registry",
        scope="cluster",
        heals_itself="no",
        says="the public registry refuses this network or region (403)",
        step="on the node: curl -I the address of the event  # use a mirror: a secret does not help",
        frame=r"403 Forbidden",
        outer=_PUBLIC,
        sure="likely",
    ),
    Cause(
        code="image/denied",
        at_fault="cluster-config",
        scope="cluster",
        heals_itself="no",
        says="the node's role may not pull from this registry (403), or its token has expired",
        step="check the role of the nodes (ecr:BatchGetImage) and the policy of the repository",
        frame=r"403 Forbidden",
        outer=r".*https://\d+\.dkr\.ecr\.",
        sure="likely",
    ),
    Cause(
        code="image/denied",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the registry refuses the pull: no credentials for it, or they are wrong",
        step=_SECRETS,
        frame=(
            r"(?:no basic auth credentials|40[13] (?:Unauthorized|Forbidden)|.*invalid username|.*incorrect username or password"
            r"|.*credentials? .*expired)"
        ),
    ),
    Cause(
        code="image/denied",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the image's name is wrong, or the registry wants credentials for it: it answers the same to both",
        step="is the name right, letter by letter? For a private image: " + _SECRETS,
        frame=(
            r"(?:.*repository does not exist or may require|insufficient_scope|denied$|denied: |pull access denied|unauthorized"
            r"|requested access to the resource is denied|authentication required)"
        ),
        sure="likely",
    ),
    Cause(
        code="image/other-machine",
        at_fault="image",
        scope="pod",
        heals_itself="no",
        says="the image is not made for this node's kind of machine",
        step="kubectl get nodes -L kubernetes.io/arch  # choose nodes by that label, or build the image for this one",
        frame=(
            r"(?:no match for platform|no image found in (?:image index|manifest list)|.*choosing an? image from manifest list|.*no "
            r"matching manifest for)"
        ),
    ),
    Cause(
        code="image/not-found",
        at_fault="registry",
        scope="cluster",
        heals_itself="no",
        says="the registry no longer has the image with this digest",
        step="find the image's new place (its project says where), or a mirror that has it",
        frame=r"manifest unknown",
        outer=r".*(?:reading manifest|fetching) sha256",
        sure="likely",
    ),
    Cause(
        code="image/not-found",
        at_fault="spec",
        scope="pod",
        heals_itself="no",
        says="the registry does not have this image or tag: {image}",
        step="check the name and the tag in the registry",
        frame=r"(?:not found|manifest unknown|.*name unknown|404 Not Found)",
    ),
    Cause(
        code="image/registry-error",
        at_fault="registry",
        scope="cluster",
        heals_itself="yes",
        says="the registry has an error of its own: {status}",
        step="see the registry's status page or its owner; the kubelet retries by itself",
        frame=r"(?P<status>5\d\d [A-Z].*)",
    ),
    Cause(
        code="image/layer-broken",
        at_fault="node-kernel",
        scope="node",
        heals_itself="no",
        says="the node's image folder lies on a file system that images cannot be unpacked to",
        step="on the node: findmnt -T /var/lib/containerd  # not overlayfs on overlayfs: use ext4, xfs, or another snapshotter",
        outer=r"(?:failed to extract layer|failed to convert whiteout)",
        errno="operation not supported|operation not permitted",
        sure="likely",
    ),
    Cause(
        code="disk/full",
        at_fault="node-disk",
        scope="node",
        heals_itself="yes",
        says="the node's image file system is full ({path})",
        step="on the node: df -h {path}; df -i {path}  # the kubelet removes unused images by itself",
        errno="no space left on device",
        path=r"/",
    ),
    Cause(
        code="image/layer-broken",
        at_fault="image",
        scope="pod",
        heals_itself="no",
        says="the image has a layer of a kind that the runtime cannot unpack: {rest}",
        step="build the image again without attestations, or use a newer runtime",
        frame=r"(?:failed to get stream processor|no processor for media-type|.*unsupported media type)",
        sure="likely",
    ),
    Cause(
        code="image/layer-broken",
        at_fault="registry",
        scope="pod",
        heals_itself="no",
        says="a layer of the image came cut or altered",
        step="push the image again; is there a proxy between node and registry that cuts it?",
        frame=r"(?:unexpected EOF|.*failed size validation|.*unexpected commit digest|.*(?:gzip|zstd|archive/tar): |invalid tar header)",
        sure="likely",
    ),
    Cause(
        code="image/slow",
        at_fault="registry",
        scope="node",
        heals_itself="when: the registry or the disk is faster",
        says="the pull was given up since it made no progress",
        step="on the node: iostat -x; crictl pull {image}  # a slow network or disk; raise image_pull_progress_timeout",
        frame=r"context canceled",
        sure="likely",
    ),
    Cause(
        code="image/unreachable",
        at_fault="registry",
        scope="node",
        heals_itself="when: the registry can be reached",
        says="the node cannot connect to the registry ({path})",
        step="on the node: curl -v https://{path}  # a firewall, a proxy, or the registry is down",
        errno="i/o timeout|connection refused|no route to host|network is unreachable",
        sure="certain",
    ),
    Cause(
        code="image/unreachable",
        at_fault="registry",
        scope="node",
        heals_itself="when: the registry can be reached",
        says="the registry did not answer in time: {rest}",
        step=_PULL + "  # a slow or blocked network",
        frame=r"(?:context deadline exceeded|TLS handshake timeout|EOF$|.*Client\.Timeout|connection reset by peer|read tcp)",
        sure="likely",
    ),
)
"""The more special first."""
PULL_SECRET = Cause(
    code="image/pull-secret",
    at_fault="spec",
    scope="pod",
    heals_itself="when: the secret is created",
    says="a secret that the image is pulled with does not exist: {secrets}",
    step="kubectl get secret -n {namespace}  # a public image is pulled without it: only a pull that fails needs it",
    frame=r"Unable to retrieve some image pull secrets \((?P<secrets>[^)]*)\)",
)
"""Of the event FailedToRetrieveImagePullSecret."""
