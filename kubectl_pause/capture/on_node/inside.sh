# shellcheck shell=sh
# Reads the PID namespace of the container that it is run in, and prints a capture of it. It needs a POSIX shell alone; readlink or stat,
# where there is one, shows namespaces and programs too. Reads /proc and /sys/fs/cgroup, and writes nothing.
#
# A shell reads byte by byte, and a program costs a start: where grep and stat are, they read one file of all processes at once.
#
# Every line of anybody else's text starts with the kernel's "PID/FILE:", a quote (from readlink) or a blank, so no text can forge a record.
# Never read: environments, arguments, files of the container.
#
# Setting: SAMPLE_SECONDS (0: one look at the processes; else a second one so many seconds later, where there is a sleep).
export LC_ALL=C
SAMPLE_SECONDS=${SAMPLE_SECONDS:-0}
cd /proc 2>/dev/null || { echo '#missing /proc'; exit 3; }
set -f

# lines FILE NAME [BEGINNING|...]: each line of it behind its name; only those with one of the beginnings, where any are given.
lines() {
	[ -r "$1" ] || return 0
	IFS='|'
	while IFS= read -r line || [ -n "$line" ]; do
		for start in ${3:-''}; do
			case $line in "$start"*) printf '%s:%s\n' "$2" "$line"; break ;; esac
		done
	done <"$1"
	unset IFS
} 2>/dev/null

# on FILE COMMAND...: the command with that file of every process, some hundreds at a time: a command line has an end.
on() {
	of=$1 batch= n=0
	shift
	for pid in $pids; do
		batch="$batch $pid/$of" n=$((n + 1))
		[ $n -lt 500 ] || { "$@" $batch; batch= n=0; }
	done
	[ -z "$batch" ] || "$@" $batch
}

# each FILE [BEGINNING|...]: the lines of that file of every process.
each() {
	if [ "$fast" ]; then
		on $1 grep -asHE "^${2:+($2)}"
	else
		for pid in $pids; do lines $pid/$1 $pid/$1 "${2:-}"; done
	fi
}

# Of a zombie most are gone. Without stat each is a program to start, and of very many processes those of the first say enough.
links() {
	linked=0
	[ -z "$fast" ] || { for kind in cgroup ipc mnt net pid time user uts; do on ns/$kind stat -c %N; done; return; }
	for pid in 1 $self $pids; do
		linked=$((linked + 1))
		[ $linked -lt 200 ] || return 0
		for kind in cgroup ipc mnt net pid time user uts; do
			link=$(readlink $pid/ns/$kind) && printf "'%s/ns/%s' -> '%s'\n" $pid $kind "$link"
		done
	done
}

programs() {
	[ -z "$fast" ] || { on exe stat -c " $nonce %N" | grep -a "^ $nonce "; return; }
	linked=0
	for pid in $pids; do
		[ $linked -lt 200 ] || return
		linked=$((linked + 1))
		link=$(readlink $pid/exe) && printf " %s '%s/exe' -> '%s'\n" "$nonce" "$pid" "${link%%
*}"
	done
}

# The masks of signalfds.
masks() {
	[ $# -le 200 ] || set -- 1
	set +f
	if [ "$fast" ]; then
		# shellcheck disable=SC2046 # paths of /proc, split on purpose
		grep -asHE ^sigmask: $(for pid; do echo $pid/fdinfo/? $pid/fdinfo/??; done)
	else
		for pid; do
			for file in $pid/fdinfo/? $pid/fdinfo/??; do lines $file $file sigmask:; done
		done
	fi
	set -f
}

# The clock of each CPU on which a zombie died: two CPUs' clocks differ by seconds to minutes. Field 39 of stat, the 37th behind the name.
clocks() {
	command -v taskset >/dev/null || return 0
	cpus=
	for pid in $pids; do
		read -r line <$pid/stat || continue
		case ${line##*) } in Z\ *) ;; *) continue ;; esac
		# shellcheck disable=SC2086 # fields, split on purpose
		set -- ${line##*) }
		case " $cpus " in *" ${37} "*) ;; *) cpus="$cpus ${37}" ;; esac
	done
	for cpu in $cpus; do
		case $cpu in *[!0-9]* | ?????*) continue ;; esac
		echo "self/sched/$cpu:$(taskset -c $cpu grep ^se.exec_start self/sched)"
	done
}

look() {
	read -r up _ </proc/uptime
	echo "#look uptime=$up"
}

there() {
	set +f
	set -- [0-9]*
	set -f
	pids=$*
}

counters() {
	each schedstat
	each status 'voluntary_ctxt|nonvoluntary_ctxt'
}

collect() {
	read -r self _ <self/stat
	read -r up _ <uptime
	read -r boot <sys/kernel/random/boot_id
	echo '#pause-inspect-collector 1'
	machine=$(uname -m) || read -r machine <sys/kernel/arch
	echo "#node uptime=$up boot=$boot machine=$machine self=$self"
	fast=
	case $(grep -asHE '^Tgid:' $self/status; stat -c %N $self/ns/pid) in
	"$self/status:Tgid:"*"'$self/ns/pid' -> 'pid:["*) fast=yes ;;
	esac
	there
	echo '#section proc'
	each stat
	each cgroup
	each status 'State:|Tgid:|PPid:|TracerPid:|Uid:|NSpid:|Threads:|SigPnd:|ShdPnd:|SigBlk:|SigIgn:|SigCgt:'
	[ -z "$fast" ] && ! command -v readlink >/dev/null || links
	each ./stat
	look
	echo '#section reapers'
	counters
	for pid in $pids; do
		read -r call first _ <$pid/syscall && printf '%s/task/%s/syscall:%s\n' $pid $pid "$call $first"
	done
	each sched se.exec_start
	masks $pids
	clocks
	echo '#section exe'
	read -r nonce <sys/kernel/random/uuid
	echo " $nonce"
	programs
	echo '#section pids'
	for file in pids.current pids.max pids.events; do
		for place in /sys/fs/cgroup /sys/fs/cgroup/pids; do lines $place/$file "./$file"; done
	done
	[ "$SAMPLE_SECONDS" = 0 ] || ! command -v sleep >/dev/null 2>&1 || {
		sleep "$SAMPLE_SECONDS"
		look
		echo '#section look2'
		there
		each stat
		counters
	}
	read -r up _ <uptime
	echo "#end uptime=$up"
} 2>/dev/null
collect
