/* Other programs: becoming one, starting one that has nothing of ours. */
#include "desk.h"
#include "retry.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIKELY_DESCRIPTORS = 1024 };

int pos_no_core_dump(void) {
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0) return -errno;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return -errno;
    return 0;
}

/* The interpreter's own handler only notes Ctrl-C, for the next instruction of Lua: a wait in C goes on. */
int pos_end_by_interrupt(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigemptyset(&action.sa_mask);
    return sigaction(SIGINT, &action, NULL) == 0 ? 0 : -errno;
}

int pos_set_variable(const char *name, const char *value) {
    return setenv(name, value, 1) == 0 ? 0 : -errno;
}

int pos_exec(char *const argv[]) {
    execvp(argv[0], argv);
    return -errno;
}

int pos_hold_standard(void) {
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) continue;
        int held;
        POS_RETRY(held, open("/dev/null", O_RDONLY | O_CLOEXEC)); /* the lowest that is free, which is fd */
        if (held < 0) return -errno;
    }
    return 0;
}

int pos_flush_output(void) {
    int lost = ferror(stdout);
    if (fflush(stdout) != 0) return -errno;
    return lost ? -EIO : 0;
}

void pos_exit(int code) {
    fflush(NULL);
    _exit(code);
}

static void reset_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
}

/* What other parts of the process opened without O_CLOEXEC ends with exec, too. Where the system
 * cannot do that in one call the descriptors that are likely are gone through. */
static void close_at_exec(void) {
#ifdef CLOSE_RANGE_CLOEXEC
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
#endif
    for (int fd = 3; fd < LIKELY_DESCRIPTORS; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* In the grandchild: only async-signal-safe calls. Its failure goes through the pipe, which a
 * success closes. */
static void become(char *const argv[], int report) {
    int null = open("/dev/null", O_RDWR);
    setsid();
    reset_signals();
    if (null >= 0) {
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
    }
    close_at_exec();
    execvp(argv[0], argv);
    int error = errno;
    if (write(report, &error, sizeof error) < 0) _exit(126);
    _exit(127);
}

static int read_report(int fd) {
    int error = 0;
    ssize_t n;
    POS_RETRY(n, read(fd, &error, sizeof error));
    return n == (ssize_t)sizeof error ? -error : 0;
}

/* Forks twice, so that the program is nobody's child and leaves no zombie. */
int pos_start(char *const argv[]) {
    int ends[2], status;
    if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) become(argv, ends[1]);
        _exit(grandchild < 0 ? 1 : 0);
    }
    int error = child < 0 ? -errno : 0;
    close(ends[1]);
    if (child > 0) {
        pid_t waited;
        POS_RETRY(waited, waitpid(child, &status, 0));
        error = waited == child && status != 0 ? -EAGAIN : read_report(ends[0]);
    }
    close(ends[0]);
    return error;
}
