#!/bin/sh
# Reads one node and prints a capture: the only code of this project that runs on a node.
#
# Needs a busybox-class image (tools below), the node's PID namespace and, for crictl and runtime state, /proc/1/root.
# Writes nothing on the node. Prints gzip, or with PACKED=no what would be inside: there, lines that start with "#" are written by this
# script alone, and every line of anybody else's text starts with the kernel's "PID/FILE:", a quote (from stat) or a blank, so no text can
# forge a record.
# Never collected: environments, annotations other than those named in KEEP_*, and, unless READ_ARGS says so, arguments of processes
# (but the id that a shim serves, and the address of its containerd); of logs, unless LOGS_OF names pods, nothing.
#
# Settings, all optional: CRICTL_SECONDS (each call, 10), CRICTL_SHARE (all calls together, 30), USE_CRICTL (yes|no), NODE_ROOT (/proc/1/root), PROC (/proc),
# READ_FDS (no|yes: look for open descriptors of namespaces), READ_ARGS (no|yes: arguments of processes that could reap),
# READ_HEALTH (no|yes: what keeps a runtime from making sandboxes|network: that without volumes and images, and links), LOGS_OF (uids of pods, a blank between:
# what the kubelet and the runtime logged of their trouble), SAMPLE_SECONDS (0: one look at the processes; else a second one so many seconds later).
export LC_ALL=C PATH=/bin:/usr/bin:/sbin:/usr/sbin:/usr/local/bin
PROC=${PROC:-/proc} NODE_ROOT=${NODE_ROOT:-/proc/1/root} CRICTL_SECONDS=${CRICTL_SECONDS:-10} CRICTL_SHARE=${CRICTL_SHARE:-30} USE_CRICTL=${USE_CRICTL:-yes}
PACKED=${PACKED:-yes} SAMPLE_SECONDS=${SAMPLE_SECONDS:-0} READ_FDS=${READ_FDS:-no} READ_ARGS=${READ_ARGS:-no} READ_HEALTH=${READ_HEALTH:-no} LOGS_OF=${LOGS_OF:-}

for tool in awk cat chroot cut date find grep gzip readlink sed setsid sleep stat tail tr uname xargs; do
	command -v $tool >/dev/null 2>&1 || { echo "#missing $tool"; exit 3; }
done
cut= descriptors=
cd "$PROC" 2>/dev/null || { echo "#missing $PROC"; exit 3; }
read -r self _ 2>/dev/null <self/stat || self=$$  # as this /proc counts: it may be that of another PID namespace than ours

set -f  # the patterns below are for awk; globs are expanded only where processes and state files are listed
STATUS='^(Name|State|Tgid|PPid|TracerPid|Uid|NSpid|Threads|SigPnd|ShdPnd|SigBlk|SigIgn|SigCgt):'
CRI='io.kubernetes.cri.*'
CRIO='io.kubernetes.cri-o.'
KEEP_SPEC="linux>namespaces linux>cgroupsPath annotations>$CRI"
for key in ContainerID ContainerName ContainerType Created ImageName KubeName Metadata Name Namespace NamespaceOptions \
	RuntimeHandler SandboxID SandboxName Spoofed IP.*; do KEEP_SPEC="$KEEP_SPEC annotations>$CRIO$key"; done
KEEP_SPEC="$KEEP_SPEC annotations>spoofed.crio.io annotations>io.kubernetes.container.name \
	annotations>io.kubernetes.pod.* annotations>kubernetes.io/config.*"
item() { for field; do printf 'items[]>%s ' "$field"; done; }
KEEP_PODS="$(item id metadata state createdAt labels runtimeHandler 'annotations>kubernetes.io/config.*')"
KEEP_PS="$(for field in id podSandboxId metadata image imageRef state createdAt labels 'annotations>io.kubernetes.container.hash' \
	'annotations>io.kubernetes.container.restartCount'; do
	printf 'containers[]>%s ' "$field"; done)"
KEEP_INSPECTP=
for top in '' '[]>'; do
	for field in id metadata state createdAt network linux labels runtimeHandler 'annotations>kubernetes.io/config.*'; do
		KEEP_INSPECTP="$KEEP_INSPECTP ${top}status>$field"; done
	for field in pid processStatus netNamespaceClosed image runtimeType runtimeHandler 'cniResult>Interfaces'; do
		KEEP_INSPECTP="$KEEP_INSPECTP ${top}info>$field"; done
	for field in $KEEP_SPEC; do KEEP_INSPECTP="$KEEP_INSPECTP ${top}info>runtimeSpec>$field"; done
done

KEEP_INFO="status>conditions lastCNILoadStatus cniconfig>PluginConfDir cniconfig>PluginDirs"
KEEP_IMAGES="$(item id repoTags repoDigests pinned | sed 's/items/images/g')"
KEEP_CNI="name type ipam>type plugins[]>type plugins[]>ipam>type"

# JSON without what is not named in `keep`: segments joined by ">", "[]" for any element, "*" ends a prefix. One pass over
# records between quotes, so strings cost nothing; a document per file in `files` mode (stdin: names), else stdin is the document.
PRUNE='
function reset() { depth = 0; path[0] = ""; skip = 0; whole = 0; string = 0; scalar = ""; key = ""; is_key = 0 }
function verdict(p,   i) {
	if (p in exact) return "whole"
	if (p in descend) return "descend"
	for (i = 1; i <= prefixes[path[depth]]; i++) if (index(p, prefix[path[depth], i]) == 1) return "whole"
	return "skip"
}
function emit(text) { out = out text; if (length(out) > 2048) { printf "%s", out; out = "" } }
function place() { return path[depth] (kind[depth] == "[" ? "[]" : (path[depth] == "" ? "" : "\001") key) }
function lead() { if (started[depth]) emit(","); started[depth] = 1; if (kind[depth] == "{") emit("\"" key "\":") }
function open_value(c,   p, v) {
	p = ""; v = "descend"
	if (depth) { p = place(); v = verdict(p); if (v != "skip") lead() }
	if (v != "skip") emit(c)
	depth++; kind[depth] = c; path[depth] = p; started[depth] = 0; is_key = (c == "{")
	if (v == "skip") skip = depth; else if (v == "whole") whole = depth
}
function close_value(c) { emit(c); if (depth > 0) depth--; is_key = 0 }
function kept() { if (depth && verdict(place()) == "whole") { lead(); return 1 } if (!depth) emit("?"); return 0 }
function flush_scalar() { if (scalar != "") { if (kept()) emit(scalar); scalar = "" } }
function outside(   text, i, n, c) {
	if (skip) { if ($0 !~ /[]{}[]/) return }
	else if ($0 ~ /^: *$/) { is_key = 0; if (whole) emit(":"); return }
	text = $0; gsub(/[ \t\r\n]+/, "", text)
	if (whole && text !~ /[]{}[]/) { emit(text); return }
	n = length(text)
	for (i = 1; i <= n; i++) {
		c = substr(text, i, 1)
		if (skip || whole) {
			if (whole) emit(c)
			if (c == "{" || c == "[") depth++
			else if (c == "}" || c == "]") { if (depth == skip + whole) { skip = 0; whole = 0; is_key = 0 } depth-- }
		} else if (c == "{" || c == "[") open_value(c)
		else if (c == "}" || c == "]") { flush_scalar(); close_value(c) }
		else if (c == ",") { flush_scalar(); is_key = (kind[depth] == "{") }
		else if (c == ":") is_key = 0
		else scalar = scalar c
	}
}
function begin_string() {
	if (whole) { emit("\""); return 2 }
	if (is_key) { key = ""; return 1 }
	if (kept()) { emit("\""); return 2 }
	return 0
}
function inside(more) {
	if (wanted < 0) wanted = begin_string()
	if (!wanted) return
	if (index($0, "\n")) gsub(/\n/, " ")  # JSON has none in strings; were it not JSON, a line of its own could be forged here
	if (wanted == 2) emit($0 "\"")
	else key = key $0 (more ? "\"" : "")
}
function piece(   more) {  # $0 is what stands between two quotes; a backslash before the second one (not \\) makes it an inner one
	if (!string) { outside(); string = 1; wanted = -1; return }
	more = ($0 ~ /\\$/ && match($0, /\\+$/) && RLENGTH % 2)
	if (!skip) inside(more)
	if (!more) string = 0
}
function finish() { flush_scalar(); emit("\n"); printf "%s", out; out = "" }
BEGIN {
	n = split(keep, rules, " ")
	for (i = 1; i <= n; i++) {
		rule = rules[i]; gsub(/>/, "\001", rule)
		up = rule; while (sub(/(\001[^\001[]*|\[\])$/, "", up)) if (up != "") descend[up] = 1
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
	while ((getline < name) > 0) if (skip && !/[]{}[\\]/) string = !string; else piece()
	RS = "\n"; close(name); finish()
}
mode == "files" { bundle($0); next }
skip && !/[]{}[\\]/ { string = !string; next }  # most of a document, without a call
{ piece() }
END { if (mode != "files") finish() }'

# limited COMMAND...: a command with all that it starts, ended after its time limit (crictl's -t is per request) or when the share of
# all calls is used up. Not busybox's `timeout`: its watcher keeps our pipes open and looks only once a second, so each call would cost one.
# The guard's sleep is ended by SIGKILL: a SIGTERM that comes before it is `sleep` finds the handler of the shell that it was, and is lost.
limited() {
	left=$((crictl_end - $(date +%s)))
	[ $left -gt 0 ] || return 124
	[ $left -lt $((CRICTL_SECONDS * 2)) ] || left=$((CRICTL_SECONDS * 2))
	setsid "$@" &
	asked=$!
	{ trap '[ $! = $asked ] || { kill -9 $!; wait $!; }; exit' TERM; sleep $left & wait $! && kill -9 -$asked; } >/dev/null 2>&1 3>&- 4>&- &
	guard=$!
	wait $asked; code=$?
	kill $guard 2>/dev/null; wait $guard 2>/dev/null  # a PID 1 that reaps nothing would keep it, and its sleep, as zombies
	return $code
}
ask() { limited chroot "$NODE_ROOT" "$crictl_path" -r "unix://$socket" -t "${CRICTL_SECONDS}s" "$@"; }

# crictl SECTION KEEP ARGUMENT...: one call, its answer pruned, its exit code and the end of its stderr. True where it gave 0.
crictl() {
	section=$1 keep=$2; shift 2
	echo "#section crictl.$section"
	{ said=$({ { ask "$@" 2>&3 3>&- 4>&-; printf '\nrc.%s\n' $? >&3; } |
		if [ -n "$keep" ]; then awk -v keep="$keep" "$PRUNE"; else sed 's/^/ /'; fi >&4 3>&-; } 3>&1 | tail -n 5 | tr -d '\000'); } 4>&1
	code=${said##*rc.}
	case $code in '' | *[!0-9]*) code=124 ;; esac
	[ "$code" = 0 ] || printf '%s\n' "${said%rc.*}" | cut -c1-400 | sed '/^$/d; s/^/ !/'
	echo "#rc $code"
	[ "$code" = 0 ]
}

# The first that runs: one that is there may be for another machine, and links lead elsewhere in the node's root than in ours.
find_crictl() {
	found=$(limited sh -c 'for path; do [ "$0" != / ] || [ -x "$path/crictl" ] || continue; said=$(chroot "$0" "$path/crictl" --version 2>/dev/null) &&
		echo "$path/crictl $said" && exit; done; exit 1' "$NODE_ROOT" /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin /opt/bin /home/kubernetes/bin \
		/var/lib/rancher/rke2/bin /var/lib/rancher/k3s/data/current/bin /snap/bin 2>/dev/null) || return
	crictl_path=${found%% *} crictl_version=${found##* }
}

# Several runtimes may live on one node: the socket whose runtime has sandboxes is the kubelet's.
find_socket() {
	socket= sockets=
	for candidate in /run/containerd/containerd.sock /run/crio/crio.sock /run/k3s/containerd/containerd.sock \
		/run/k0s/containerd.sock /var/snap/microk8s/common/run/containerd.sock /run/cri-dockerd.sock \
		/run/k3s/cri-dockerd/cri-dockerd.sock; do
		[ -S "$NODE_ROOT$candidate" ] && sockets="$sockets $candidate"
	done
	for socket in $sockets; do
		[ "$sockets" = " $socket" ] && return 0
		[ -n "$(ask pods -q 2>/dev/null)" ] && return 0
	done
	set -- $sockets; socket=$1; [ -n "$socket" ]
}

# Ids of sandboxes that are ready, of the pruned list. The names of fields stand between quotes, which are escaped within any text.
READY='
BEGIN { RS = "\"" }
$0 == "id" { last = NR }
NR == last + 2 && length($0) == 64 && /^[0-9a-f]+$/ { id = $0 }
/^SANDBOX_/ { if (id && $0 == "SANDBOX_READY") print id; id = "" }'
# ID/UID of each sandbox of the pods that are asked about; likewise. The first uid behind an id is the pod's, further ones are labels.
SANDBOXES_OF='
BEGIN { split(pods, uids, " "); for (i in uids) wanted[uids[i]]; RS = "\"" }
$0 == "id" || $0 == "uid" { last = NR; key = $0; next }
NR == last + 2 && key == "id" { id = (length($0) == 64 && /^[0-9a-f]+$/) ? $0 : "" }
NR == last + 2 && key == "uid" { if (id && ($0 in wanted)) print id "/" $0; id = "" }'
runtime_answers() {
	pods=
	[ "$USE_CRICTL" = yes ] || return 0
	crictl_end=$(($(date +%s) + CRICTL_SHARE))
	find_crictl
	case $? in
		0) ;;
		1) return 0 ;;
		*) printf '#section crictl.pods\n#rc 124\n'; return 0 ;;  # one that hangs is not one that is not there
	esac
	find_socket || { echo "#crictl path=$crictl_path socket="; return 0; }
	echo "#crictl path=$crictl_path socket=$socket version=$(printf %s "$crictl_version" | tr -cd 'A-Za-z0-9._+-')"
	[ "$READ_HEALTH" = no ] || crictl info "$KEEP_INFO" info
	[ "$READ_HEALTH" != yes ] || crictl images "$KEEP_IMAGES" images -o json
	pods=$(crictl pods "$KEEP_PODS" pods -o json); code=$?
	printf '%s\n' "$pods"
	[ $code = 0 ] || return 0
	crictl ps "$KEEP_PS" ps -a -o json && crictl version '' version
	ids=$(printf '%s\n' "$pods" | awk "$READY")
	[ -n "$ids" ] || return 0
	crictl inspectp "$KEEP_INSPECTP" inspectp -o json $ids && return 0
	ids=$(ask pods --state ready -q 2>/dev/null)  # a sandbox that went away in between makes the whole call fail
	[ -n "$ids" ] && crictl inspectp "$KEEP_INSPECTP" inspectp -o json $ids
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

# in_root PATH: the same in the node's root, also where its last part is an absolute link, which would be followed in this one's.
in_root() {
	link=$(readlink "$NODE_ROOT/$1")
	case $link in /*) echo "$NODE_ROOT$link" ;; *) echo "$NODE_ROOT/$1" ;; esac
}

# CNI configurations, in which tokens and paths of kubeconfigs may stand: the network's name and its plugins' alone. The programs that
# are installed; files of the CNI cache that are empty; leases of host-local (when, of which sandbox, the address); file systems that a
# sandbox needs: blocks, free, inodes, free.
health() {
	[ "$READ_HEALTH" != no ] || return
	crictl_end=$(($(date +%s) + CRICTL_SHARE))
	echo '#section cni'
	set +f
	for place in etc/cni/net.d var/lib/rancher/k3s/agent/etc/cni/net.d var/snap/microk8s/current/args/cni-network; do
		dir=$(in_root $place)
		[ -d "$dir" ] || continue
		echo " /$place"
		printf '%s\n' "$dir"/*.conf "$dir"/*.conflist "$dir"/*.json | grep -v '\*' | sort | head -n 20 |
			while read -r file; do head -c 65536 "$file" | awk -v keep="$KEEP_CNI" "$PRUNE"; done
	done
	echo '#section cni-programs'
	for place in opt/cni/bin usr/lib/cni usr/libexec/cni var/snap/microk8s/current/opt/cni/bin; do
		dir=$(in_root $place)
		[ -d "$dir" ] || continue
		echo " /$place"
		limited find "$dir/" -maxdepth 1 ! -type d | sed 's,.*/,,' | grep -xE '[A-Za-z0-9._-]{1,64}' | head -n 500 | sed 's/^/ /'
	done
	echo '#section cni-cache'
	limited find "$(in_root var/lib/cni/results)/" -maxdepth 1 -type f -size 0 | sed 's,.*/,,' | grep -xE '[A-Za-z0-9._-]{1,255}' |
		head -n 100 | sed 's/^/ /'
	echo '#section leases'
	for place in var/lib/cni/networks run/cni-ipam-state; do
		dir=$(in_root $place)
		(cd "$dir" && echo " /$place" || exit
			files=$(limited find . -mindepth 2 -maxdepth 2 -type f -size -2 | grep -xE '\./[A-Za-z0-9._-]{1,64}/[0-9a-f.:]{2,39}' | head -n 4096)
			printf '%s\n' "$files" | xargs stat -c ' %Y %n'
			printf '%s\n' "$files" | xargs grep -Hom 1 -E '^[0-9a-f]{64}' /dev/null | sed 's/^/ /')
	done
	echo '#section filesystems'
	for place in run var/lib/containerd var/lib/kubelet var/log/pods var/lib/cni; do
		numbers=$(stat -f -c '%b %f %c %d' "$NODE_ROOT/$place") && echo " /$place $numbers"
	done
} 2>/dev/null

# Hands every line on but those with names. Who could reap: PID 1 of the node and of each inner PID namespace, and parents of zombies;
# behind "/", the zombies; behind the next, who bears the name of a shim.
PICK='
BEGIN { reaper[1] }
/^[0-9]+\/status:Name:\t(containerd-shim|conmon)$/ { shims = shims " " ($1 + 0) }
/^[0-9]+\/status:Name:/ { next }
{ print }
/^[0-9]+\/status:State:/ { dead = ($2 == "Z") }
/^[0-9]+\/status:PPid:/ && dead { if ($2 > 0) reaper[$2]; if (n++ < 2000) zombies = zombies " " ($1 + 0) }
/^[0-9]+\/status:NSpid:/ && NF > 2 && $NF == 1 { reaper[$1 + 0] }
END { for (pid in reaper) print pid >"/dev/stderr"; print "/" zombies "/" shims >"/dev/stderr" }'

each() { for file; do printf "%s/$file\n" $pids; done; }
processes() {
	set +f
	pids=$(printf '%s\n' [0-9]*)
	echo '#section proc'
	each stat cgroup | xargs grep -asH '' 2>/dev/null
	{ picked=$(each status | xargs grep -asHE "$STATUS" 2>/dev/null | awk "$PICK" 2>&1 >&4); } 4>&1
	reapers=${picked%%/*} zombies=${picked#*/} shims=${picked##*/}
	zombies=${zombies%/*}
	each ns/cgroup ns/ipc ns/mnt ns/net ns/pid ns/time ns/user ns/uts | xargs stat -c '%N' 2>/dev/null
	each stat | xargs grep -asH '' 2>/dev/null | sed 's,^\([0-9]*\)/stat:,\1/stat2:,'
}

# Interfaces of the node, and those of each other network namespace as its first process sees them, which in a pod's is pause: sysfs shows
# the namespace that it was mounted in. Who has the node's /sys for his own, or what is no sysfs and may hang, is passed over. A container may
# have a link in place of its /sys, which would be followed to another's: so the device has to be that of a sysfs on /sys in its own mounts.
FIRST_IN_EACH='
/^[0-9]+\/stat:/ { pid = $0 + 0; sub(/.*\) /, ""); since[pid] = $20 + 0; next }
{ pid = $2 + 0; if (pid == 1) of_node = $1 ""; if (!($1 in first) || since[pid] < since[first[$1]]) first[$1] = pid }
END { for (space in first) if (space != of_node && n++ < 2048) print first[space] "/root/sys/class/net" }'
OWN_SYSFS='
$1 ~ /mountinfo:/ {
	if ($5 != "/sys") next
	pid = $1; sub(/\/.*/, "", pid); split($3, number, ":"); at = 7
	while (at < NF && $at != "-") at++
	own[pid] = $(at + 1) == "sysfs" ? number[1] * 256 + number[2] % 256 + int(number[2] / 256) * 1048576 : ""
	next
}
{ pid = $2; sub(/\/.*/, "", pid) } own[pid] != "" && own[pid] == $1'
LINKS_OF_PODS='
own=$1; shift
{
	printf "%s\n" "$@" | sed "s,/.*,/mountinfo," | xargs grep -asH " /sys "
	printf "%s\n" "$@" | xargs stat -f -c "%t %n" | sed -n "s/^62656572 //p" | xargs stat -c "%d %n"
} | awk "$own" | while read -r device place; do
	set -- "$place"/*/ifindex
	[ "$device" = "$0" ] || [ $# -gt 256 ] || grep -asHm 1 -E "^[0-9]+$" "$@" "$place"/*/iflink
done'
links() {
	[ "$READ_HEALTH" = network ] || return
	crictl_end=$(($(date +%s) + CRICTL_SHARE))
	echo '#section links'
	(cd "$NODE_ROOT/sys/class/net" && grep -asHE '^([0-9]+|DEVTYPE=[a-z0-9_]+)$' ./*/ifindex ./*/iflink ./*/uevent | head -n 16384 | sed 's/^/ /')
	awk '$2 == "00000000" && $8 == "00000000" && n++ < 64 { print " ./" $1 "/default:0" }' 1/net/route
	awk '$1 ~ /^0+$/ && $2 == "00" && $10 != "lo" && n++ < 64 { print " ./" $10 "/default:0" }' 1/net/ipv6_route
	places=$({ each stat | xargs grep -asH ''; each ns/net | xargs stat -L -c '%i %n'; } | awk "$FIRST_IN_EACH")
	[ -z "$places" ] || limited sh -c "$LINKS_OF_PODS" "$(stat -c %d "$NODE_ROOT/sys/class/net")" "$OWN_SYSFS" $places | head -n 32768
} 2>/dev/null

# `-id ID` of containerd-shim, with the address of its containerd where it serves Kubernetes, and `-c ID` of conmon; no other argument.
# Anybody may bear these names: who reads it must judge that.
# grep names the file before each line, or before each argument (busybox's ends a line at NUL), so no argument can forge a pid.
SHIM_IDS='
{
	at = index($0, "/cmdline:"); pid = substr($0, 1, at - 1)
	n = split(substr($0, at + 9), word, "\001")
	for (i = 1; i <= n; i++) {
		if (!(pid in flag)) flag[pid] = (word[i] ~ /conmon$/) ? "-c" : "-id"
		if (last[pid] == flag[pid] && length(word[i]) == 64 && word[i] ~ /^[0-9a-f]+$/) print pid "/id:" word[i]
		if (last[pid] == "-namespace" && word[i] == "k8s.io") serves[pid] = 1
		if (last[pid] == "-address" && length(word[i]) < 200 && word[i] ~ /^\/[A-Za-z0-9._\/-]+$/) address[pid] = word[i]
		last[pid] = word[i]
	}
}
END { for (pid in serves) if (flag[pid] == "-id" && pid in address) print pid "/address:" address[pid] }'
shims() {
	echo '#section shims'
	printf '%s/cmdline\n' $shims | xargs grep -asHm 40 '' /dev/null 2>/dev/null | tr '\000' '\001' | cut -c1-4000 | awk "$SHIM_IDS"
}

# Open descriptors as "PID/fd/N", in $descriptors. One process may have a million: so at most 4,096 of each and 131,072 in all are looked at,
# and no more than 1,000,000 names are read. $cut is not empty where that left some out. Who asks second gets what the first was given.
BOUNDED='NR > 1000000 { exit cut = 1 } NF != 3 { next } ++of[$1] > 4096 || ++all > 131072 { cut = 1; next } { print } END { exit cut }'
descriptors() { [ -n "$descriptors" ] || descriptors=$(each fd | xargs find 2>/dev/null | awk -F/ "$BOUNDED") || cut=yes; }

# Volumes of pods that are mounted, and who works in one: a kubelet keeps a pod that is deleted until it can unmount all of them. A path is
# hostile text: behind a word that nobody could foresee. What the files in a volume are called is nobody's business.
volumes() {
	[ "$READ_HEALTH" = yes ] || return
	echo '#section volumes'
	awk '$5 ~ /\/pods\/[0-9a-f-]+\/volumes\// && n++ < 4096 { print " " $5 }' 1/mountinfo
	echo '#section volume-users'
	read -r nonce <sys/kernel/random/uuid
	echo " $nonce"
	descriptors
	{ each cwd root; printf '%s\n' "$descriptors"; } | xargs stat -c "$nonce %N" |
		grep -aE "^$nonce '[0-9]+/[a-z]+(/[0-9]+)?' -> '/[^']*/pods/[0-9a-f-]{32,36}/volumes/" |
		sed -E "s,(/volumes/[^/]+/[^/']+).*,\1',; s/^/ /" | awk '{ pod = $0; sub(/\/volumes\/.*/, "", pod); sub(/.*\//, "", pod) } n[pod]++ < 20 && m++ < 4096'
} 2>/dev/null

# What kubelets and runtimes write of trouble with a pod; what they write whenever one ends, and so proves nothing. In small letters, "~"
# for anything between. No regular expressions: those of some libraries take hours for a line of megabytes that repeats the beginning.
TROUBLE='failed to create sandbox for pod|failed to stop sandbox before removing|failed to remove sandbox|skipping pod synchronization'
TROUBLE="$TROUBLE|genericpleg: unable to retrieve pods|failed to list pod sandboxes|container runtime network not ready"
TROUBLE="$TROUBLE|failed to kill all the processes attached to cgroup|detected running containers after a successful killpod"
TROUBLE="$TROUBLE|unmountvolume~failed|runpodsandbox~failed|stoppodsandbox for ~failed|failed to handle ~taskexit event|sandbox_unknown"
TROUBLE="$TROUBLE|failed to recover state|failed to load cni|failed to reload cni|failed to get task exit status~ttrpc: closed"
USUAL='shim disconnected|cleaning up dead shim|received sandbox container exit event~exit_status:137|forcibly stopping sandbox'
USUAL="$USUAL|containerstatus~notfound|deletecontainer returned error|failed to get status for pod~forbidden"
USUAL="$USUAL|cleaned up orphaned pod volumes dir"
# `pods` are uids, and ID/UID of their sandboxes, which the runtime knows by that alone.
# Time, unit, uid and the message's last 2 KiB, no part of a word before them. Further lines of one message begin with blanks: no record.
ABOUT_PODS='
function has(phrases,   i, j, n, m, phrase, part, rest, at) {
	n = split(phrases, phrase, "|")
	for (i = 1; i <= n; i++) {
		m = split(phrase[i], part, "~"); rest = small
		for (j = 1; j <= m && (at = index(rest, part[j])); j++) rest = substr(rest, at + length(part[j]))
		if (j > m) return 1
	}
	return 0
}
BEGIN {
	n = split(pods, uid, " ")
	for (i = 1; i <= n; i++) { at = index(uid[i], "/"); key[i] = at ? substr(uid[i], 1, at - 1) : uid[i]; uid[i] = substr(uid[i], at + 1) }
}
NR > 1 && /^[0-9]+[.][0-9]+ [^ ]+ [A-Za-z0-9._@-]+([[][0-9]+[]])?: / && length($3) < 72 {
	for (i = 1; i <= n && !index($0, key[i]); i++) continue
	small = tolower($0)
	if (i > n || !has(trouble) || has(usual)) next
	front = $1 " " $3; sub(/([[][0-9]+[]])?:$/, "", front)
	sub(/^[^ ]+ [^ ]+ [^ ]+ /, "")
	if (length($0) > 2048) { $0 = substr($0, length($0) - 2047); sub(/^[^ ]*( |$)/, "") }
	print front, uid[i], $0
}
END { if (NR < 2) print 61 >"/dev/stderr" }'
# What may be a secret: rather too much is masked than a part of one left. A value is a quoted text, whatever stands in brackets, or goes
# up to the next blank; what hangs on it without a blank goes with it, further quoted texts whole. Quotes may be escaped once (in a
# message that is quoted itself); escaped more often, the rest of the line goes. An image's digest is no host: its "@" is a newline meanwhile.
QUOTED='(\\\\+".*|\\"([^"\\]|\\[a-z]|\\\\([^"\\]|\\.))*(\\")?|"([^"\\]|\\.)*"?|'\''([^'\''\\]|\\.)*'\''?|`[^`]*`?)'
VALUE='('"$QUOTED"'|(\[[^]]*\]?)?[&A-Za-z0-9.]*[{(][^})]*[})]?|\[[^]]*\]?)?([^[:space:]]|[],:=;&{([]'"$QUOTED"')*'
NAME='(token|passphrase|password|passwd|pass|pwd|secret|credential|signature|api-?key|key|sig|auth|authorization)([-_.]?(data|id|value|hash|base64))?s?'
IS='\\*["'\'']?[[:space:]]*(=>|:=|=|:|%3[AaDd])[[:space:]]*'
SCHEME='(bearer|basic|negotiate|apikey|token)[[:space:]]+'
MASKS='s/@(sha256:[0-9a-f]{64})/\n\1/g
s/-----BEGIN [A-Z ]*PRIVATE KEY.*/***/
s/((set-)?cookie\\*["'\'']?[[:space:]]*[=:]).*/\1 ***/I
s/(digest[[:space:]]+)[a-z]+=.*/\1***/I
s/eyJ[A-Za-z0-9_.+\/=-]*/***/g
s/(gh[a-z]_|github_pat_|glpat-|xox[a-z]-|hvs\.)[A-Za-z0-9_.-]+/***/g
s/(AKIA|ASIA)[A-Z0-9]{12,}([[:space:]:,;]+[A-Za-z0-9/+=]{16,})?/***/g
s/('"$NAME$IS"')('"$SCHEME"')?'"$VALUE"'/\1***/Ig
s/(--[a-z0-9_-]*'"$NAME"'[[:space:]]+)'"$VALUE"'/\1***/Ig
s/(^|[^A-Za-z0-9_])(([A-Z0-9]+_)*(TOKEN|PASSWORD|PASSWD|SECRET|KEY|CREDENTIALS?)(_[A-Z0-9]+)*[[:space:]]+)'"$VALUE"'/\1\2***/g
s/('"$SCHEME"')'"$VALUE"'/\1***/Ig
s,//[^[:space:]]*@,//***@,g
s/[^][:space:]"'\''\/:@={([]+:\/?[^[:space:]@\/][^[:space:]]*@/***@/g
s/\n/@/g'
# 400 bytes a line: the cause stands at its end, so it is cut at its front; the uid stays, or is put there.
CUT_FRONT='
function end(n) { return length($0) > n ? substr($0, length($0) - n + 1) : $0 }
{
	record = " " $1 " " $2 " "; uid = $3; room = 400 - length(record)
	sub(/^[^ ]+ [^ ]+ [^ ]+ /, "")
	text = length($0) > room ? "..." end(room - 3) : $0
	print record (index(text, uid) ? text : uid "..." end(room - length(uid) - 3))
}'
# The journal of kubelet and runtime, its last 4 MiB; `#rc` 127 where the node has no journalctl, 61 (ENODATA) where that has nothing of
# them: k3s and rke2 log to files. An empty line goes first, so that what is left of one cut at 4 MiB is never taken for a whole one; and control
# characters go before any awk, for busybox's ends a line at NUL.
logs() {
	[ -n "$LOGS_OF" ] || return
	echo '#section log'
	crictl_end=$(($(date +%s) + 3))
	of_pods=$(printf '%s\n' "$pods" | awk -v pods="$LOGS_OF" "$SANDBOXES_OF" | head -n 64 | tr '\n' ' ')
	set -- -q --no-pager -o short-unix -n 4000 --since -15min
	for unit in kubelet containerd crio k3s k3s-agent k0scontroller k0sworker snap.microk8s.daemon-kubelite snap.microk8s.daemon-containerd
	do set -- "$@" -u $unit; done
	{ code=$({ { echo; limited chroot "$NODE_ROOT" journalctl "$@" 3>&- 4>&-; echo $? >&3; } | tail -c 4194304 |
		tr -d '\000-\011\013-\037\177' |
		awk -v pods="$LOGS_OF $of_pods" -v trouble="$TROUBLE" -v usual="$USUAL" "$ABOUT_PODS" 2>&3 | tail -n 40 | sed -E "$MASKS" |
		awk "$CUT_FRONT" >&4 3>&-; } 3>&1); } 4>&1
	set -- ${code#0?}
	echo "#rc $1"
} 2>/dev/null

# Routes of the node to single addresses (interface, address, flags): the veths of pods whose CNI plugin leads to each by a route.
routes() {
	echo '#section routes'
	awk '$8 == "FFFFFFFF" && n++ < 4096 { print " " $1, $2, $4 }' 1/net/route
	awk '$2 == "80" && $9 !~ /^[89a-f]/ && n++ < 4096 { print " " $10, $1, $9 }' 1/net/ipv6_route
	echo '#section interfaces'  # number and name: `eth0@if9`, as a pod prints it, is the other end of number 9
	awk '/^[0-9]/ && n++ < 4096 { sub(/:$/, "", $2); print " " $1, $2 }' 1/net/igmp
} 2>/dev/null

counters() {
	printf '%s/schedstat\n' $reapers | xargs grep -asH '' /dev/null
	printf '%s/status\n' $reapers | xargs grep -asHE '^(non)?voluntary_ctxt_switches:' /dev/null
} 2>/dev/null

# When a zombie last ran is known by the clock of its CPU alone, which leaves out what a hypervisor and interrupts took: after a day two
# CPUs differ by seconds, after months by minutes. So that clock is read on each CPU on which one of them died (field 39 of stat), 64 at
# most. Without taskset there are no ages.
clocks() {
	[ -n "$zombies" ] || return 0
	printf '%s/stat\n' $zombies | xargs cat | sed 's/.*) //' | cut -d' ' -f37 | sort -un | head -n 64 | while read -r cpu; do
		case $cpu in '' | *[!0-9]* | ?????*) continue ;; esac
		echo "self/sched/$cpu:$(taskset -c "$cpu" grep -ahE '^se.exec_start' self/sched | tr -s ' ')"
	done
} 2>/dev/null

# In which system call each thread is, with its first argument only; what a signalfd waits for; the executable; and when each zombie
# last ran, by the clock that tells when grep itself did. A path is hostile text: behind a word that nobody could foresee.
look_at_reapers() {
	read -r up _ <uptime; read -r _ _ _ tasks _ <loadavg
	echo "#look uptime=$up tasks=${tasks#*/}"
	echo '#section reapers'
	counters
	for pid in $reapers; do
		set -- $pid/task/[0-9]*
		[ $# -le 64 ] || set -- $pid/task/$pid
		printf '%s/syscall\n' "$@"
	done | xargs grep -asHoE '^([0-9]+ 0x[0-9a-f]+|running)' /dev/null
	printf '%s/status\n' $reapers | xargs grep -aslE '^SigBlk:.*[13579bdf]....$' /dev/null | while read -r status; do
		printf '%s\n' ${status%status}fdinfo/? ${status%status}fdinfo/??
	done | xargs grep -asHE '^sigmask:' /dev/null
	now=self
	command -v taskset >/dev/null || now=
	printf '%s/sched\n' $now $zombies | xargs grep -asHE '^se.exec_start' | tr -s ' '
	clocks
	echo '#section exe'
	read -r nonce <sys/kernel/random/uuid
	echo " $nonce"
	printf '%s/exe\n' $reapers | xargs stat -c "$nonce %N" | cut -c1-300 | sed 's/^/ /'
} 2>/dev/null

# Arguments of those processes, a line each: byte 1 between words, byte 2 for a newline in one. 1025 bytes of each, so that a cut is seen,
# and 256 KiB of all. Not `cut` alone: a process may have megabytes of them.
arguments() {
	[ "$READ_ARGS" = yes ] || return
	echo '#section args'
	room=262144
	for pid in $reapers; do
		words=$(dd if=$pid/cmdline bs=1025 count=1 | tr '\000\n' '\001\002')
		[ -n "$words" ] || continue
		room=$((room - ${#words}))
		[ $room -ge 0 ] || break
		printf ' %s %s\n' $pid "$words"
	done
} 2>/dev/null

# in_cgroups REGEX FILE...: lines of these files of all cgroups here. Escaped for xargs: systemd has backslashes in its units' names.
in_cgroups() {
	regex=$1 names="-name $2"; shift 2
	for file; do names="$names -o -name $file"; done
	find . $names | sed 's,[^A-Za-z0-9_./-],\\&,g' | xargs grep -asHE "$regex" /dev/null
}

# pids_limits FILE...: tasks charged and allowed, of every cgroup of the node (v1 has a hierarchy of its own for them).
pids_limits() {
	cd "$NODE_ROOT/sys/fs/cgroup/pids" || cd "$NODE_ROOT/sys/fs/cgroup" || return
	in_cgroups '' "$@"
	cd "$PROC" || exit 3
} 2>/dev/null

frozen_cgroups() {
	echo "#section $1"
	cd "$NODE_ROOT/sys/fs/cgroup/freezer" && in_cgroups '^FR' freezer.state
	cd "$NODE_ROOT/sys/fs/cgroup" && [ -e cgroup.controllers ] && in_cgroups '^frozen 1' cgroup.events
	cd "$PROC" || exit 3
} 2>/dev/null

second_look() {
	sleep "$SAMPLE_SECONDS" || sleep 1
	read -r up _ <uptime; read -r _ _ _ tasks _ <loadavg
	echo "#look uptime=$up tasks=${tasks#*/}"
	echo '#section look2'
	printf '%s/stat\n' [0-9]* | xargs grep -asH ''
	counters
	echo '#section pids2'
	pids_limits pids.current
	frozen_cgroups frozen2  # runc freezes for a moment what it changes
} 2>/dev/null

# Open descriptors of namespaces: "PID/fd/N DEVICE INODE TYPE,...". The text of a link is its file's name: it may hold newlines, and so
# forge a line for any other descriptor. Such lines only say where to look; what stands there is told by stat, and is a namespace where
# its device is that of a namespace. The type is what the text said beside that inode: more than one type where a text lied.
NAMESPACE_LINK="'[0-9]{1,12}/fd/[0-9]{1,12}' -> '(cgroup|ipc|mnt|net|pid|time|user|uts):[[][0-9]{1,20}[]]'"
OPEN_NAMESPACES='
substr($0, 1, 1) == "\047" {
	split($0, part, "\047"); split(part[4], said, /:?[][]/); at = part[2] " " said[2]
	if (index(types[at] ",", "," said[1] ",") == 0) types[at] = types[at] "," said[1]
	if (++links == 20000) print " more"
	next
}
$1 == "self/ns/net" { device = $2; next }
device && $2 == device { print " " $0 " " substr(types[$1 " " $3], 2) }'
fds() {
	[ "$READ_FDS" = yes ] || return
	echo '#section fds'
	descriptors
	links=$(printf '%s\n' "$descriptors" | xargs stat -c '%N' 2>/dev/null | grep -axE "$NAMESPACE_LINK" | awk '!seen[$0]++ && n++ < 20000')
	{
		printf '%s\n' "$links"
		{ echo self/ns/net; printf '%s\n' "$links" | cut -d"'" -f2 | awk '!seen[$0]++'; } | xargs stat -L -c '%n %d %i' 2>/dev/null
	} | awk "$OPEN_NAMESPACES"
}

# An absolute link would be followed in this container's root, not the node's.
system_name() {
	for file in etc/os-release usr/lib/os-release; do
		link=$(readlink "$NODE_ROOT/$file")
		case $link in /*) file=${link#/} ;; esac
		line=$(grep -s -m 1 '^PRETTY_NAME=' "$NODE_ROOT/$file") && printf ' %s\n' "$line" | cut -c1-200 && return
	done
}

# What can be read here of others. Each check needs a right of its own, and what lacks it would look absent: `ns` and `root` of PID 1 and `fd`
# take SYS_PTRACE, the descriptors of another user's process DAC_READ_SEARCH too, `chroot` SYS_CHROOT; SELinux or AppArmor may deny each.
# A process may end meanwhile: some are tried. busybox and coreutils end with 126 or 127 only behind chroot: "/" is no program.
readable_root() { readlink $1/root; }
readable_fd() { link=$(find $1/fd/ -type l | head -n 1) && [ -n "$link" ] && readlink $link; }
of_any() { for pid in $others; do "$1" $pid && return; done; }
proof() {
	set +f
	others=$(stat -c '%u %n' $self [0-9]* | awk 'NR == 1 { own = $1 } $1 != own && n++ < 50 { print $2 }')
	others=${others:-1}
	ns=no root=no fd=no chroot=no
	readlink 1/ns/mnt && ns=yes
	set -- "$NODE_ROOT"/*  # lists and looks at nothing: a mount there may hang
	[ "$*" != "$NODE_ROOT/*" ] && readable_root 1 && of_any readable_root && root=yes
	set -f
	of_any readable_fd && fd=yes
	chroot "$NODE_ROOT" /
	case $? in 126 | 127) chroot=yes ;; esac
} >/dev/null 2>&1

collect() {
	proof
	read -r up _ <uptime; read -r boot <sys/kernel/random/boot_id; read -r _ _ _ tasks _ <loadavg
	# shellcheck disable=SC2046 # two numbers, split on purpose
	set -- $(cat sys/kernel/pid_max sys/kernel/threads-max)  # not `read`: /proc/sys answers the first read only
	echo '#pause-inspect-collector 1'
	echo "#proof ns=$ns root=$root fd=$fd chroot=$chroot"
	echo "#node now=$(date +%s) uptime=$up boot=$boot tasks=${tasks#*/} pid_max=$1 threads_max=$2 kernel=$(uname -r | tr -cd 'A-Za-z0-9._+-') machine=$(uname -m) self=$self"
	echo '#section os-release'
	system_name
	runtime_answers
	state_files
	echo '#section mountinfo'
	grep -sE ' - (nsfs|cgroup2?) ' 1/mountinfo | sed 's/^/ /'
	echo '#section netns'  # since when each is there: a runtime mounts one before it lists the sandbox that it makes
	(set +f; cd "$NODE_ROOT/run/netns" && stat -c ' %Y %i /run/netns/%n' -- * | head -n 4096) 2>/dev/null
	routes
	health
	processes
	shims
	links
	fds
	volumes
	[ -z "$cut" ] || printf '#section descriptors\n more\n'
	look_at_reapers
	arguments
	echo '#section pids'
	pids_limits pids.current pids.max pids.events
	frozen_cgroups frozen
	[ "$SAMPLE_SECONDS" = 0 ] || second_look
	logs
	read -r up _ <uptime
	echo "#end uptime=$up"
}
if [ "$PACKED" = no ]; then collect; else collect | gzip -1; fi
