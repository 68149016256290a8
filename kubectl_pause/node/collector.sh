#!/bin/sh
# Reads one node and prints a capture: the only code of this project that runs on a node.
#
# Needs a busybox-class image (tools below), the node's PID namespace and, for crictl and runtime state, /proc/1/root.
# Writes nothing on the node. Prints gzip; inside, lines that start with "#" are written by this script alone, and every line
# of anybody else's text starts with the kernel's "PID/FILE:", a quote (from stat) or a blank, so no text can forge a record.
# Never collected: environments, arguments of processes, annotations other than those named in KEEP_*.
#
# Settings, all optional: CRICTL_SECONDS (each call, 10), USE_CRICTL (yes|no), NODE_ROOT (/proc/1/root), PROC (/proc).
export LC_ALL=C PATH=/bin:/usr/bin:/sbin:/usr/sbin:/usr/local/bin
PROC=${PROC:-/proc} NODE_ROOT=${NODE_ROOT:-/proc/1/root} CRICTL_SECONDS=${CRICTL_SECONDS:-10} USE_CRICTL=${USE_CRICTL:-yes}

for tool in awk cat chroot cut date grep gzip sed stat tail timeout tr uname xargs; do
	command -v $tool >/dev/null 2>&1 || { echo "#missing $tool"; exit 3; }
done
cd "$PROC" 2>/dev/null || { echo "#missing $PROC"; exit 3; }

set -f  # the patterns below are for awk; globs are expanded only where processes and state files are listed
STATUS='^(State|Tgid|PPid|TracerPid|Uid|NSpid|Threads|SigPnd|ShdPnd|SigBlk|SigIgn|SigCgt):'
CRI='io.kubernetes.cri.*'
CRIO='io.kubernetes.cri-o.'
KEEP_SPEC="linux>namespaces linux>cgroupsPath annotations>$CRI"
for key in ContainerID ContainerName ContainerType Created ImageName KubeName Metadata Name Namespace NamespaceOptions \
	RuntimeHandler SandboxID SandboxName Spoofed IP.*; do KEEP_SPEC="$KEEP_SPEC annotations>$CRIO$key"; done
KEEP_SPEC="$KEEP_SPEC annotations>spoofed.crio.io annotations>io.kubernetes.container.name \
	annotations>io.kubernetes.pod.* annotations>kubernetes.io/config.*"
item() { for field; do printf 'items[]>%s ' "$field"; done; }
KEEP_PODS="$(item id metadata state createdAt labels runtimeHandler 'annotations>kubernetes.io/config.*')"
KEEP_PS="$(for field in id podSandboxId metadata image imageRef state createdAt labels 'annotations>io.kubernetes.container.*'; do
	printf 'containers[]>%s ' "$field"; done)"
KEEP_INSPECTP=
for top in '' '[]>'; do
	for field in id metadata state createdAt network linux labels runtimeHandler 'annotations>kubernetes.io/config.*'; do
		KEEP_INSPECTP="$KEEP_INSPECTP ${top}status>$field"; done
	for field in pid processStatus netNamespaceClosed image runtimeType runtimeHandler 'cniResult>Interfaces'; do
		KEEP_INSPECTP="$KEEP_INSPECTP ${top}info>$field"; done
	for field in $KEEP_SPEC; do KEEP_INSPECTP="$KEEP_INSPECTP ${top}info>runtimeSpec>$field"; done
done

# JSON without what is not named in `keep`: segments joined by ">", "[]" for any element, "*" ends a prefix. One pass over
# records between quotes, so strings cost nothing; a document per file in `files` mode (stdin: names), else stdin is the document.
PRUNE='
function reset() { depth = 0; path[0] = ""; skip = 0; whole = 0; pending = ""; string = 0; scalar = ""; key = ""; started[0] = 0 }
function verdict(p,   parent, i) {
	if (p in exact) return "whole"
	if (p in descend) return "descend"
	parent = p; if (!sub(/\001[^\001]*$/, "", parent)) parent = ""
	for (i = 1; i <= prefixes[parent]; i++) if (index(p, prefix[parent, i]) == 1) return "whole"
	return "skip"
}
function emit(text) { out = out text; if (length(out) > 4096) { printf "%s", out; out = "" } }
function place() { return path[depth] (kind[depth] == "[" ? "[]" : (depth ? (path[depth] == "" ? "" : "\001") key : "")) }
function lead() { if (depth == 0) return; if (started[depth]) emit(","); started[depth] = 1; if (kind[depth] == "{") emit("\"" key "\":") }
function open_value(c,   p, v) {
	if (skip || whole) { depth++; kind[depth] = c; if (whole) emit(c); is_key = (c == "{"); return }
	p = place(); v = depth ? verdict(p) : "descend"
	if (v != "skip") { lead(); emit(c) }
	depth++; kind[depth] = c; path[depth] = p; started[depth] = 0; is_key = (c == "{")
	if (v == "skip") skip = depth; else if (v == "whole") whole = depth
}
function close_value(c) {
	if (!skip) emit(c)
	if (skip == depth) skip = 0
	if (whole == depth) whole = 0
	if (depth > 0) depth--
	is_key = 0
}
function value(text) {
	if (skip) return
	if (whole) { emit(text); return }
	if (depth == 0 || verdict(place()) == "whole") { lead(); emit(text) }
}
function flush_scalar() { if (scalar != "") { value(scalar); scalar = "" } }
function outside(text,   i, n, c) {
	gsub(/[ \t\r\n]+/, "", text)
	n = length(text)
	for (i = 1; i <= n; i++) {
		c = substr(text, i, 1)
		if (c == "{" || c == "[") open_value(c)
		else if (c == "}" || c == "]") { flush_scalar(); close_value(c) }
		else if (c == ",") { flush_scalar(); is_key = (kind[depth] == "{"); if (whole) emit(c) }
		else if (c == ":") { is_key = 0; if (whole) emit(c) }
		else scalar = scalar c
	}
}
function inside(text) {
	if (skip) return
	gsub(/[\n\r]/, " ", text)  # JSON has none inside strings; were it not JSON, a line of its own could be forged here
	if (kind[depth] == "{" && is_key) { if (whole) emit("\"" text "\""); else key = text }
	else value("\"" text "\"")
}
function piece(text,   tail) {
	if (!string) { outside(text); string = 1; return }
	pending = pending text
	if (match(pending, /\\+$/) && RLENGTH % 2) { pending = pending "\""; return }
	inside(pending); pending = ""; string = 0
}
function finish() { flush_scalar(); emit("\n"); printf "%s", out; out = "" }
BEGIN {
	n = split(keep, rules, " ")
	for (i = 1; i <= n; i++) {
		rule = rules[i]; gsub(/>/, "\001", rule)
		up = rule; while (sub(/(\001[^\001]*|\[\])$/, "", up)) if (up != "") descend[up] = 1
		if (substr(rule, length(rule)) == "*") {
			rule = substr(rule, 1, length(rule) - 1); up = rule; sub(/\001[^\001]*$/, "", up)
			prefix[up, ++prefixes[up]] = rule
		} else exact[rule] = 1
	}
	if (mode != "files") { reset(); RS = "\""; printf " " }
}
function bundle(name,   part, m, id, dir, pid, line) {
	m = split(name, part, "/"); id = (part[m - 1] == "userdata") ? part[m - 2] : part[m - 1]
	if (id !~ /^[0-9a-f]+$/ || length(id) != 64) return
	dir = name; sub(/\/[^\/]*$/, "", dir); pid = "-"
	if ((getline line < (dir "/init.pid")) > 0 || (getline line < (dir "/pidfile")) > 0) pid = line + 0
	close(dir "/init.pid"); close(dir "/pidfile")
	printf "#bundle id=%s pid=%s\n ", id, pid
	reset(); RS = "\""
	while ((getline line < name) > 0) piece(line)
	RS = "\n"; close(name); finish()
}
mode == "files" { bundle($0); next }
{ piece($0) }
END { if (mode != "files") finish() }'

# crictl SECTION KEEP ARGUMENT...: one call, its answer pruned, its exit code and the end of its stderr.
crictl() {
	section=$1 keep=$2; shift 2
	echo "#section crictl.$section"
	rc=$({ { timeout $((CRICTL_SECONDS + 2)) chroot "$NODE_ROOT" "$crictl_path" -r "unix://$socket" -t "${CRICTL_SECONDS}s" "$@" 2>"$errors"
		echo $? >&3; } | if [ -n "$keep" ]; then awk -v keep="$keep" "$PRUNE"; else sed 's/^/ /'; fi >&4; } 3>&1) 4>&1
	[ "$rc" = 0 ] || tail -n 3 "$errors" | cut -c1-400 | sed 's/^/ !/'
	echo "#rc ${rc:-124}"
}

find_crictl() {
	[ "$USE_CRICTL" = yes ] || return 1
	for directory in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin /opt/bin /home/kubernetes/bin \
		/var/lib/rancher/rke2/bin /var/lib/rancher/k3s/data/current/bin /snap/bin; do
		chroot "$NODE_ROOT" "$directory/crictl" --version >/dev/null 2>&1 && { crictl_path=$directory/crictl; return 0; }
	done
	return 1
}

# Several runtimes may live on one node: the socket whose runtime has sandboxes is the kubelet's.
find_socket() {
	socket=
	for candidate in /run/containerd/containerd.sock /run/crio/crio.sock /run/k3s/containerd/containerd.sock \
		/run/k0s/containerd.sock /var/snap/microk8s/common/run/containerd.sock /run/cri-dockerd.sock \
		/run/k3s/cri-dockerd/cri-dockerd.sock; do
		[ -S "$NODE_ROOT$candidate" ] && sockets="$sockets $candidate"
	done
	for candidate in $sockets; do
		[ "$sockets" = " $candidate" ] && { socket=$candidate; return 0; }
		first=$(timeout $((CRICTL_SECONDS + 2)) chroot "$NODE_ROOT" "$crictl_path" -r "unix://$candidate" -t "${CRICTL_SECONDS}s" pods -q 2>/dev/null)
		[ -n "$first" ] && { socket=$candidate; return 0; }
	done
	set -- $sockets; socket=$1; [ -n "$socket" ]
}

runtime_answers() {
	errors=/dev/null
	[ -w /dev/shm ] && errors=/dev/shm/pause-inspect.$$ && trap 'rm -f "$errors"' EXIT
	find_crictl || return 0
	find_socket || { echo "#crictl path=$crictl_path socket="; return 0; }
	echo "#crictl path=$crictl_path socket=$socket"
	crictl version '' version
	crictl pods "$KEEP_PODS" pods -o json
	crictl ps "$KEEP_PS" ps -a -o json
	ids=$(timeout $((CRICTL_SECONDS + 2)) chroot "$NODE_ROOT" "$crictl_path" -r "unix://$socket" -t "${CRICTL_SECONDS}s" pods --state ready -q 2>/dev/null)
	[ -z "$ids" ] || crictl inspectp "$KEEP_INSPECTP" inspectp -o json $ids
}

state_files() {
	echo '#section bundles'
	set +f
	for state in run/containerd run/k3s/containerd run/k0s/containerd var/snap/microk8s/common/run/containerd; do
		printf '%s\n' "$NODE_ROOT/$state"/io.containerd.runtime.v2.task/k8s.io/*/config.json
	done | grep -v '\*' | awk -v mode=files -v keep="$KEEP_SPEC" "$PRUNE"
	printf '%s\n' "$NODE_ROOT"/run/containers/storage/overlay-containers/*/userdata/config.json |
		grep -v '\*' | awk -v mode=files -v keep="$KEEP_SPEC" "$PRUNE"
}

each() { for file; do printf "%s/$file\n" $pids; done; }
processes() {
	set +f
	pids=$(printf '%s\n' [0-9]*)
	echo '#section proc'
	each stat cgroup | xargs grep -asH '' 2>/dev/null
	each status | xargs grep -asHE "$STATUS" 2>/dev/null
	each ns/cgroup ns/ipc ns/mnt ns/net ns/pid ns/time ns/user ns/uts | xargs stat -c '%N' 2>/dev/null
	each stat | xargs grep -asH '' 2>/dev/null | sed 's,^\([0-9]*\)/stat:,\1/stat2:,'
}

collect() {
	read -r up _ <uptime; read -r boot <sys/kernel/random/boot_id; read -r _ _ _ tasks _ <loadavg
	set -- $(cat sys/kernel/pid_max sys/kernel/threads-max)  # not `read`: /proc/sys answers the first read only
	echo '#pause-inspect-collector 1'
	echo "#node now=$(date +%s) uptime=$up boot=$boot tasks=${tasks#*/} pid_max=$1 threads_max=$2 kernel=$(uname -r | tr -cd 'A-Za-z0-9._+-')"
	echo '#section os-release'
	grep -s -m 1 '^PRETTY_NAME=' "$NODE_ROOT/etc/os-release" "$NODE_ROOT/usr/lib/os-release" -h | cut -c1-200 | sed 's/^/ /'
	runtime_answers
	state_files
	echo '#section mountinfo'
	grep -sE ' - (nsfs|cgroup2?) ' 1/mountinfo | sed 's/^/ /'
	processes
	read -r up _ <uptime
	echo "#end uptime=$up"
}
collect | gzip -1
