/* Questions at a terminal, on a pseudo terminal: who answers as soon as the prompt is there is heard, nothing typed is
 * shown, and the echo is on again afterwards. The specs of the command test what a person does at a real one. */
#define _XOPEN_SOURCE 700
#include "../posix/desk.h"
#include "t.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { ROUNDS = 5000 };

/* In a session of its own, whose terminal is the pty's other end. Exit 0: every answer was the one that was typed. */
static void answerer(const char *name) {
    char line[64], wanted[64];
    struct termios now;
    alarm(60); /* an answer that was lost is waited for */
    setsid();
    int fd = open(name, O_RDWR);
    for (int i = 0; fd >= 0 && i < ROUNDS; i++) {
        int length = pos_terminal_ask("Secret? ", 1, line, sizeof line);
        snprintf(wanted, sizeof wanted, "answer-%d", i);
        if (length != (int)strlen(wanted) || memcmp(line, wanted, (size_t)length) != 0) _exit(1);
        if (tcgetattr(fd, &now) != 0 || !(now.c_lflag & ECHO)) _exit(2);
    }
    _exit(fd < 0 ? 3 : 0);
}

/* Reads until `text` has come; adds what came to `seen`. */
static bool wait_for_text(int fd, const char *text, char *seen, size_t room) {
    char got[4096] = "";
    size_t used = 0;
    while (used + 1 < sizeof got) {
        ssize_t n = read(fd, got + used, sizeof got - used - 1);
        if (n <= 0) return false;
        used += (size_t)n;
        got[used] = '\0';
        if (!strstr(got, text)) continue;
        strncat(seen, got, room - strlen(seen) - 1);
        return true;
    }
    return false;
}

static void whoever_answers_at_once_is_heard(void) {
    static char seen[ROUNDS * 32];
    char typed[64];
    int master = posix_openpt(O_RDWR | O_NOCTTY), status = -1;
    CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    pid_t child = fork();
    if (child == 0) answerer(ptsname(master));
    for (int i = 0; i < ROUNDS && wait_for_text(master, "Secret? ", seen, sizeof seen); i++) {
        size_t length = (size_t)snprintf(typed, sizeof typed, "answer-%d\n", i);
        if (write(master, typed, length) != (ssize_t)length) break;
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(strstr(seen, "Secret? ") != NULL && strstr(seen, "answer-") == NULL);
    close(master);
}

int main(void) {
    whoever_answers_at_once_is_heard();
    return T_END();
}
