/*
 * What a program on the desk needs beside files and clocks: the terminal, other programs, one
 * listening port on loopback. Failures as in posix.h.
 */
#ifndef COGNITO_DESK_H
#define COGNITO_DESK_H

#include "posix.h"

/* ---- the terminal ---- */

int pos_is_terminal(int fd);

/* Asks on the terminal of the process (not on stdin) and reads one line of at most `size` bytes,
 * without echo when `hidden`. Returns its length. Whatever happens, Ctrl-C and Ctrl-Z included,
 * the echo is on again afterwards. The caller wipes the line. */
int pos_terminal_ask(const char *prompt, int hidden, char *line, size_t size);

/* ---- other programs ---- */

/* From now on: no core dump, and no other process of this user may read our memory. */
int pos_no_core_dump(void);

/* Ctrl-C ends this process from now on, whatever it is waiting for. */
int pos_end_by_interrupt(void);

/* Sets a variable of our own environment, which pos_exec hands on. */
int pos_set_variable(const char *name, const char *value);

/* Becomes another program. Returns only on failure. */
int pos_exec(char *const argv[]);

/* Where descriptor 0, 1 or 2 is closed, puts one there that gives nothing and takes nothing, so that what is opened
 * later is never taken for the standard input or output. Other programs do not inherit it. */
int pos_hold_standard(void);

/* Writes what is left of the standard output. It fails also when something was lost before. */
int pos_flush_output(void);

/* Ends this process when its output is written, without what libraries do at an exit: they free one
 * by one what the system frees at once. */
_Noreturn void pos_exit(int code);

/* Starts a program that outlives us and has nothing of ours: no descriptor, no terminal. */
int pos_start(char *const argv[]);

/* ---- a listener on loopback ---- */

struct pos_listener {
    int fds[2]; /* 127.0.0.1 and ::1; -1 where there is none */
    int port;
};

/* Listens on 127.0.0.1 and, where the machine has it, ::1. Port 0: any free one. A port that is
 * taken on either is taken: another program would get a part of the visitors. */
int pos_listener_open(struct pos_listener *listener, int port);
void pos_listener_close(struct pos_listener *listener);

/* The next visitor within `seconds`, else -ETIMEDOUT. */
int pos_listener_accept(const struct pos_listener *listener, double seconds);

/* Reads what is there within `seconds`; 0 at the end. */
int pos_socket_read(int fd, char *data, size_t size, double seconds);

/* Writes all within `seconds`. */
int pos_socket_write(int fd, const char *data, size_t size, double seconds);

#endif
