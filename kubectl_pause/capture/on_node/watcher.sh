#!/bin/sh
# Watches pause processes reap: the second script of this project that runs on a node, in the same pod as the collector.
#
#   watcher.sh SECONDS INTERVAL PID_PID_... [BUFFER_KB [USE_TRACEFS]]
#
# INTERVAL in hundredths of a second, pids as the node counts them, joined by "_"; BUFFER_KB of each CPU, 128; USE_TRACEFS yes or no.
#
# With tracefs, in an instance of its own named kpi-PID-STARTTIME-PIDNAMESPACE after this shell: sched_process_wait, signal_generate and
# signal_deliver, filtered in the kernel. A run of pause's handler waits once more than it reaps, so reaps = waits - deliveries.
# Without tracefs: the counters of /proc alone. Ends after SECONDS, on a line or the end of its stdin (the client has left), or on a signal;
# the instance is removed then. Instances whose shell is gone are removed by the next run.
#
# Prints numbers that the kernel made, and words of its own; no name of a process:
#   #watch 1 tracefs | #watch 1 counters REASON     REASON: off, absent, refused, untranslated
#   r PID WAITS DELIVERIES SIGNALS FORGED           since the start, where they changed
#   c PID STARTTIME STATE CMINFLT RUNS              of /proc, where they changed
#   g PID                                           there is no such process any more
#   t UPTIME LOST                                   what stands above was true now; LOST events were not seen
#   #end removed|left|none                          the instance; without this line the watch was cut
#
# Settings, all optional: NODE_ROOT, PROC, MOUNT_AT (/tmp: where tracefs is mounted if the node has not).
export LC_ALL=C PATH=/bin:/usr/bin:/sbin:/usr/sbin:/usr/local/bin
PROC=${PROC:-/proc} NODE_ROOT=${NODE_ROOT:-/proc/1/root} MOUNT_AT=${MOUNT_AT:-/tmp}
EVENTS='sched/sched_process_wait signal/signal_generate signal/signal_deliver'
LONGEST_FILTER=4000  # the kernel takes less than a page
seconds=$1 interval=$2 pids=$(echo "$3" | tr _ ' ') buffer_kb=${4:-128} use_tracefs=${5:-yes}
main=$$ mine= mounted= kept=
exec 3<&0
cd "$PROC" || exit 3

start_time() { sed -n 's/.*) //p' "$1/stat" 2>/dev/null | tail -n 1 | cut -d' ' -f20; }

# With an inode of PID namespace in the name: another node may run on the same kernel, whose pids mean nothing here.
space=$(readlink self/ns/pid) space=${space#*[} space=${space%]}

remove_leftovers() {
	for left in "$1"/instances/kpi-*-*-"$space"; do
		[ -d "$left" ] || continue
		name=${left##*/kpi-} pid=${name%%-*} name=${name#*-}
		[ "$(start_time "$pid")" = "${name%%-*}" ] || rmdir "$left" 2>/dev/null
	done
}

find_tracefs() {
	for tracefs in "$NODE_ROOT/sys/kernel/tracing" "$NODE_ROOT/sys/kernel/debug/tracing" /sys/kernel/tracing; do
		[ -d "$tracefs/instances" ] && return 0
	done
	tracefs=$MOUNT_AT
	mount -t tracefs tracefs "$tracefs" 2>/dev/null && mounted=$tracefs
}

# Trace events tell pids of the first PID namespace. Where the node's is another one (kind), the scheduler's list tells which is which:
# the pause in the cgroup of that container id or, where it tells no cgroups, the one whose time on the CPU, in nanoseconds, and number of
# switches are those of /proc. Two that fit, or none: not translated.
FIRST_PID_NAMESPACE=4026531836
TRANSLATE='
FILENAME != list {
	pid = FILENAME; sub(/\/.*/, "", pid)
	if (FILENAME ~ /cgroup$/ && match($0, /[0-9a-f]+([.]scope)?$/) && RLENGTH >= 64) id[pid] = substr($0, RSTART, 64)
	else if (/^se.sum_exec_runtime/) time[pid] = $NF
	else if (/^nr_switches/) switches[pid] = $NF
	next
}
$2 == "pause" || $2 == "pod" {
	split("", has)
	for (i = 4; i < NF; i++) has[$i] = 1
	for (pid in time) if ((pid in id && index($NF, id[pid])) || (time[pid] in has && switches[pid] in has)) { found[pid]++; number[pid] = $3 }
}
END { for (pid in found) if (found[pid] == 1) print number[pid] ":" pid }
'
translate() {
	[ "$space" = $FIRST_PID_NAMESPACE ] && { for pid in $1; do echo "$pid:$pid"; done; return; }
	for list in "$NODE_ROOT/sys/kernel/debug/sched/debug" "$NODE_ROOT/proc/sched_debug"; do [ -r "$list" ] && break; done
	files=; for pid in $1; do files="$files $pid/cgroup $pid/sched"; done
	awk -v list="$list" "$TRANSLATE" $files "$list" 2>/dev/null
}

alive() { for pid in $pids; do [ ! -d "$pid" ] || echo "$pid"; done; }

any_of() { any=; for pair in $both; do any="$any||$1==${pair%:*}"; done; echo "(${any#||})"; }

enable_events() {
	by=$(any_of common_pid) of=$(any_of pid)
	[ ${#by} -lt $LONGEST_FILTER ] || by='(comm=="pause"||comm=="pod")' of=$by
	echo "$by" >"$mine/events/sched/sched_process_wait/filter" || return 1
	echo "sig==17&&$of" >"$mine/events/signal/signal_generate/filter" || return 1
	echo "sig==17&&$by" >"$mine/events/signal/signal_deliver/filter" || return 1
	for event in $EVENTS; do echo "${1:-1}" >"$mine/events/$event/enable" || return 1; done
}

# Sets `mine`, or `why` there is none.
trace() {
	why=off; [ "$use_tracefs" = yes ] || return 1
	why=absent; find_tracefs || return 1
	for event in $EVENTS; do [ -d "$tracefs/events/$event" ] || return 1; done
	remove_leftovers "$tracefs"
	why=untranslated there=$(alive) both=$(translate "$there"); [ "$(echo $both | wc -w)" = "$(echo $there | wc -w)" ] || return 1
	why=refused mine=$tracefs/instances/kpi-$main-$(start_time $main)-$space
	mkdir "$mine" 2>/dev/null || { mine=; return 1; }
	{
		echo "$buffer_kb" >"$mine/buffer_size_kb"
		echo mono >"$mine/trace_clock"
		echo 0 >"$mine/options/record-cmd"
		enable_events
	} 2>/dev/null && return 0
	remove
	[ $state = removed ] || kept=left
	mine=
	return 1
}

remove() {
	state=none
	[ -z "$mine" ] || state=left
	tries=0
	while [ "$state" = left ] && [ $tries -lt 30 ]; do
		if rmdir "$mine" || [ ! -d "$mine" ]; then state=removed mine=; else sleep 0.1; tries=$((tries + 1)); fi
	done 2>/dev/null
	[ -z "$mounted" ] || umount "$mounted" 2>/dev/null
}

# One reader of one ordered stream: what the kernel traced, and our own marks in it, at which /proc is read. Only a line with the kernel's
# own words in the kernel's own places counts: a comm, 15 characters of anything, is too short to forge them.
COUNT='
function say(key, line) { if (said[key] != line) { said[key] = line; print line } }
function look(   line, pid, field, text, lost, parts) {
	lost = 0
	for (pid in wanted) text[pid] = ""
	while ((ENVIRON["LOOK"] | getline line) > 0) {
		if (match(line, /^[0-9]+\/stat:/)) { pid = line + 0; text[pid] = text[pid] substr(line, RLENGTH + 1) }
		else if (match(line, /^[0-9]+\/schedstat:/)) { pid = line + 0; split(line, parts, " "); runs[pid] = parts[3] }
		else if (line ~ /^(overrun|dropped events): [0-9]+$/) { split(line, parts, ": "); lost += parts[2] }
	}
	close(ENVIRON["LOOK"])
	for (pid in wanted) {
		if (pid in waits) say("r" pid, "r " pid " " waits[pid] + 0 " " deliveries[pid] + 0 " " signals[pid] + 0 " " forged[pid] + 0)
		sub(/.*\) /, "", text[pid])
		if (split(text[pid], field, " ") < 20 || field[1] ~ /[ZXx]/) say("c" pid, "g " pid)
		else say("c" pid, "c " pid " " field[20] " " field[1] " " field[9] " " (runs[pid] == "" ? "-" : runs[pid]))
	}
	getline line < "uptime"; close("uptime"); split(line, parts, " ")
	print "t " parts[1] " " lost
	fflush()
}
function mark(text) { if (text == "kpi-tick") look(); else if (text == "kpi-end") { look(); exit } }
BEGIN {
	n = split(ENVIRON["PIDS"], list, " ")
	for (i = 1; i <= n; i++) wanted[list[i]] = 1
	n = split(ENVIRON["BOTH"], list, " ")
	for (i = 1; i <= n; i++) { split(list[i], pair, ":"); here[pair[1]] = pair[2]; waits[pair[2]] = 0 }
	traced = n
	print ENVIRON["HEAD"]
}
!traced { mark($0); next }
match($0, /-[0-9]+ +\[[0-9]+\] +[^ ]+ +[0-9]+\.[0-9]+: [a-z_]+: /) {
	rest = substr($0, RSTART + RLENGTH)
	split(substr($0, RSTART + 1, RLENGTH - 1), head, " "); event = head[5]; from = head[1]
	if (event == "tracing_mark_write:") { mark(rest); next }
	if (event == "sched_process_wait:") {
		if (!(from in here)) next
		if (!deliveries[here[from]]) deliveries[here[from]] = 1  # in the middle of a run of its handler when we came
		waits[here[from]]++
	} else if (event == "signal_deliver:") { if (from in here) deliveries[here[from]]++ }
	else if (event == "signal_generate:" && match(rest, / pid=[0-9]+ grp=[01] res=[0-9]+$/)) {
		split(substr(rest, RSTART + 5), to, " ")
		if (!(to[1] in here)) next
		signals[here[to[1]]]++
		if (match(rest, /^sig=17 errno=-?[0-9]+ code=(0|-[0-9]+) /)) forged[here[to[1]]]++  # sent by a process: no child has ended
	}
}
'

LOOK=; for pid in $pids; do LOOK="$LOOK $pid/stat $pid/schedstat"; done
# shellcheck disable=SC2089 # a command line for eval
LOOK="grep -asH '' $LOOK 2>/dev/null"
if trace; then
	HEAD='#watch 1 tracefs' BOTH=$both LOOK="$LOOK; grep -hsE '^(overrun|dropped events):' $mine/per_cpu/*/stats"
else
	HEAD="#watch 1 counters $why" BOTH=
fi
# shellcheck disable=SC2090 # a command line for eval
export LOOK HEAD BOTH PIDS="$pids"

say() { if [ -n "$mine" ]; then echo "$1" >"$mine/trace_marker"; else echo "$1"; fi; } 2>/dev/null

hundredths() { read -r now _ <uptime && now=${now%.*}${now#*.}; }

# Says when to look, and when it is over: after SECONDS, when the client has left, or when the main shell is no more, whose place it takes then.
clock() {
	say kpi-tick
	hundredths
	until=$((now + seconds * 100)) next=$((now + interval))
	while sleep 0.2 && [ -d $main ] && [ -d $client ] && hundredths && [ $now -lt $until ]; do
		[ $now -lt $next ] || { say kpi-tick; next=$((next + interval)); }
	done
	say kpi-end
	[ -n "$mine" ] || return
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ -d "$counter" ] || break; sleep 0.3; done
	[ ! -d "$counter" ] || kill -KILL "$counter"  # nobody takes what it says
	[ -d $main ] || remove
} 2>/dev/null

{ read -r _ || :; } <&3 &
client=$!
trap 'kill $client' TERM INT HUP
if [ -n "$mine" ]; then
	awk "$COUNT" "$mine/trace_pipe" &  # not cat: it hands on an event when the next one comes
	counter=$!
	clock >/dev/null &
else
	clock | awk "$COUNT" &
	counter=$!
fi
while [ -d $counter ]; do wait $counter; done
kill $client 2>/dev/null
remove
echo "#end ${kept:-$state}"
