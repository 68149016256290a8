/*
 * What no package of Debian does. `being KIND`, as a process that is judged:
 *
 *   nocldwait           SA_NOCLDWAIT with the default action: the kernel reaps, and nothing of it shows in /proc
 *   nocldwait-handler   the same with a handler
 *   signalfd            SIGCHLD blocked and read from a signalfd, then waitpid(-1, WNOHANG)
 *   dead-leader         the main thread ends, another one lives
 *
 * `being block PID` blocks SIGCHLD of another process, which keeps it so: PTRACE_SETSIGMASK, then it goes on where it was.
 * `being trace PID` holds another process as a debugger does, until it is ended itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_GETSIGMASK
#define PTRACE_GETSIGMASK 0x420a
#define PTRACE_SETSIGMASK 0x420b
#endif

static void nothing(int signal) { (void)signal; }

static void *for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int hold(pid_t pid)
{
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL))
		return fail("ptrace");
	return waitpid(pid, NULL, __WALL) == pid ? 0 : fail("waitpid");
}

static int block(pid_t pid)
{
	uint64_t mask;

	if (hold(pid))
		return 1;
	if (ptrace(PTRACE_GETSIGMASK, pid, sizeof mask, &mask))
		return fail("PTRACE_GETSIGMASK");
	mask |= UINT64_C(1) << (SIGCHLD - 1);
	if (ptrace(PTRACE_SETSIGMASK, pid, sizeof mask, &mask))
		return fail("PTRACE_SETSIGMASK");
	return ptrace(PTRACE_DETACH, pid, NULL, NULL) ? fail("PTRACE_DETACH") : 0;
}

static int read_signals(void)
{
	struct signalfd_siginfo told;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, 0);
	do
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	while (read(fd, &told, sizeof told) > 0 || errno == EINTR);
	return fail("signalfd");
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
	pthread_t thread;

	if (argc > 2 && !strcmp(kind, "block"))
		return block(atoi(argv[2]));
	if (argc > 2 && !strcmp(kind, "trace")) {
		if (hold(atoi(argv[2])))
			return 1;
		for_ever(NULL);
	}
	if (!strcmp(kind, "signalfd"))
		return read_signals();
	if (!strcmp(kind, "dead-leader")) {
		if (pthread_create(&thread, NULL, for_ever, NULL))
			return 1;
		pthread_exit(NULL);
	}
	if (!strcmp(kind, "nocldwait-handler"))
		action.sa_handler = nothing;
	else if (strcmp(kind, "nocldwait"))
		return 2;
	sigaction(SIGCHLD, &action, NULL);
	for_ever(NULL);
}
