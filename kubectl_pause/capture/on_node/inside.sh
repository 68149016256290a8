# Reads the PID namespace of the container that it is run in, and prints a capture of it. It needs a POSIX shell alone; readlink, where there
# is one, shows namespaces and programs too. Reads /proc and /sys/fs/cgroup, and writes nothing.
#
# Every line of anybody else's text starts with the kernel's "PID/FILE:", a quote (from readlink) or a blank, so no text can forge a record.
# Never read: environments, arguments, files of the container.
#
# Setting: SAMPLE_SECONDS (0: one look at the processes; else a second one so many seconds later, where there is a sleep).
export LC_ALL=C
SAMPLE_SECONDS=${SAMPLE_SECONDS:-0}
cd /proc 2>/dev/null || { echo '#missing /proc'; exit 3; }
set -f

# lines FILE NAME [WORD...]: each line of it behind its name; only those that begin with one of the words, where any are given.
lines() {
	file=$1 name=$2
	shift 2
	[ -r "$file" ] || return 0
	while IFS= read -r line || [ -n "$line" ]; do
		for word in "${@:-}"; do
			case $line in "$word"*) printf '%s:%s\n' "$name" "$line"; break ;; esac
		done
	done <"$file"
} 2>/dev/null

# Of a zombie most are gone, and of very many processes those of the first say enough: each link is a program to start.
links() {
	[ $linked -lt 200 ] && command -v readlink >/dev/null 2>&1 || return 0
	linked=$((linked + 1))
	for kind in cgroup ipc mnt net pid time user uts; do
		link=$(readlink "$1/ns/$kind") && printf "'%s/ns/%s' -> '%s'\n" "$1" "$kind" "$link"
	done
} 2>/dev/null

look() {
	read -r up _ </proc/uptime
	echo "#look uptime=$up"
}

collect() {
	read -r self _ <self/stat
	read -r up _ <uptime
	read -r boot <sys/kernel/random/boot_id
	echo '#pause-inspect-collector 1'
	machine=$(uname -m) || read -r machine <sys/kernel/arch
	echo "#node uptime=$up boot=$boot machine=$machine self=$self"
	set +f
	set -- [0-9]*
	set -f
	linked=0
	echo '#section proc'
	links 1
	links $self
	for pid; do
		lines $pid/stat $pid/stat
		lines $pid/cgroup $pid/cgroup
		lines $pid/status $pid/status State: Tgid: PPid: TracerPid: Uid: NSpid: Threads: SigPnd: ShdPnd: SigBlk: SigIgn: SigCgt:
		links $pid
		lines $pid/stat $pid/stat2
	done
	look
	echo '#section reapers'
	for pid; do
		lines $pid/schedstat $pid/schedstat
		lines $pid/status $pid/status voluntary_ctxt nonvoluntary_ctxt
		read -r call first _ <$pid/syscall && printf '%s/task/%s/syscall:%s\n' $pid $pid "$call $first"
		lines $pid/sched $pid/sched se.exec_start
		[ $# -gt 200 ] && [ $pid != 1 ] && continue
		set +f
		for file in $pid/fdinfo/? $pid/fdinfo/??; do lines $file $file sigmask:; done
		set -f
	done
	lines self/sched self/sched se.exec_start
	echo '#section exe'
	read -r nonce <sys/kernel/random/uuid
	echo " $nonce"
	linked=0
	for pid; do
		[ $linked -lt 200 ] || break
		linked=$((linked + 1))
		link=$(readlink $pid/exe) && printf " %s '%s/exe' -> '%s'\n" "$nonce" "$pid" "${link%%
*}"
	done
	echo '#section pids'
	for file in pids.current pids.max pids.events; do
		for place in /sys/fs/cgroup /sys/fs/cgroup/pids; do lines $place/$file "./$file"; done
	done
	[ "$SAMPLE_SECONDS" = 0 ] || ! command -v sleep >/dev/null 2>&1 || {
		sleep "$SAMPLE_SECONDS"
		look
		echo '#section look2'
		set +f
		set -- [0-9]*
		set -f
		for pid; do
			lines $pid/stat $pid/stat
			lines $pid/schedstat $pid/schedstat
			lines $pid/status $pid/status voluntary_ctxt nonvoluntary_ctxt
		done
	}
	read -r up _ <uptime
	echo "#end uptime=$up"
} 2>/dev/null
collect
