/* Questions on the terminal, with the echo off for secrets and on again whatever happens. */
#include "desk.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Signals that must find the echo switched on again: those that end the process and those that
 * give the terminal to somebody else. */
static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
enum { SIGNALS = sizeof signals / sizeof *signals };

/* A handler can only speak through static memory. One prompt at a time: the terminal is one. */
static volatile sig_atomic_t caught;

static void note(int number) {
    caught = number;
}

static void catch_signals(struct sigaction old[SIGNALS]) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note; /* no SA_RESTART: read must come back */
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < SIGNALS; i++) sigaction(signals[i], &action, &old[i]);
}

static void restore_signals(const struct sigaction old[SIGNALS]) {
    for (int i = 0; i < SIGNALS; i++) sigaction(signals[i], &old[i], NULL);
}

static int write_all(int fd, const char *text) {
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t n = write(fd, text, left);
        if (n < 0 && errno != EINTR) return -errno;
        if (n < 0 && caught != 0) return -EINTR;
        if (n > 0) text += n, left -= (size_t)n;
    }
    return 0;
}

/* One line without its end. What is over the limit is read away, so that the next prompt does not
 * find it. */
static int read_line(int fd, char *line, size_t size) {
    size_t used = 0;
    for (;;) {
        char c;
        ssize_t n = read(fd, &c, 1);
        if (n < 0 && caught != 0) return -EINTR;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -errno;
        if (n == 0) return used == 0 ? -POS_END : (int)used;
        if (c == '\n' || c == '\r') return used > size ? -POS_TOO_LARGE : (int)used;
        if (used < size) line[used] = c;
        if (used <= size) used++;
    }
}

static int ask(int fd, const char *prompt, int hidden, char *line, size_t size) {
    struct termios old, quiet;
    if (tcgetattr(fd, &old) != 0) return -errno;
    quiet = old;
    /* What was typed before goes away with this, so it comes before the prompt: whoever answers as
     * soon as he sees it, a program above all, is heard. */
    if (hidden) quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    if (hidden && tcsetattr(fd, TCSAFLUSH, &quiet) != 0) return -errno;
    int result = write_all(fd, prompt);
    if (result == 0) result = read_line(fd, line, size);
    if (hidden) {
        tcsetattr(fd, TCSADRAIN, &old);
        (void)write_all(fd, "\n"); /* the person's Return was not echoed */
    }
    return result;
}

static int is_stop(int number) {
    return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

/* Stopped and continued: the prompt is shown again. Anything else ends it. */
int pos_terminal_ask(const char *prompt, int hidden, char *line, size_t size) {
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return -POS_NO_TERMINAL;
    int result;
    do {
        struct sigaction old[SIGNALS];
        caught = 0;
        catch_signals(old);
        result = ask(fd, prompt, hidden, line, size);
        restore_signals(old);
        if (result == -EINTR && is_stop(caught)) raise(caught);
    } while (result == -EINTR && is_stop(caught));
    close(fd);
    return result == -EINTR ? -POS_INTERRUPTED : result;
}

int pos_is_terminal(int fd) {
    return isatty(fd);
}
