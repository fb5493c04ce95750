/* The listener and the programs; the terminal is tested in a real one, by the specs of the command. */
#include "../posix/desk.h"
#include "t.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void listens_once_and_says_when_a_port_is_taken(void) {
    struct pos_listener one, two;
    CHECK(pos_listener_open(&one, 0) == 0);
    CHECK(one.port > 0);
    CHECK(pos_listener_open(&two, one.port) == -EADDRINUSE);
    CHECK(pos_listener_open(&two, 70000) == -EINVAL);
    CHECK(pos_listener_accept(&one, 0.01) == -ETIMEDOUT);
    pos_listener_close(&one);
    pos_listener_close(&one);
    CHECK(pos_listener_open(&two, one.port) == 0);
    pos_listener_close(&two);
}

static void serves_a_visitor(void) {
    struct pos_listener listener;
    CHECK(pos_listener_open(&listener, 0) == 0);
    char command[128], data[256];
    snprintf(command, sizeof command, "exec 3<>/dev/tcp/127.0.0.1/%d; printf hello >&3; cat <&3",
             listener.port);
    char *argv[] = {"bash", "-c", command, NULL};
    CHECK(pos_start(argv) == 0);
    int fd = pos_listener_accept(&listener, 10);
    CHECK(fd >= 0);
    CHECK(pos_socket_read(fd, data, sizeof data, 10) == 5);
    CHECK(memcmp(data, "hello", 5) == 0);
    CHECK(pos_socket_read(fd, data, sizeof data, 0.01) == -ETIMEDOUT);
    CHECK(pos_socket_write(fd, "bye", 3, 10) == 0);
    close(fd);
    pos_listener_close(&listener);
}

static void says_when_a_program_is_not_there(void) {
    char *argv[] = {"/no/such/program", NULL};
    CHECK(pos_start(argv) == -ENOENT);
    CHECK(pos_exec(argv) == -ENOENT);
}

/* A writer of the pipe that outlived exec would be heard, or waited for. */
static void gives_no_descriptor_to_a_program(void) {
    int ends[2];
    char command[64], data[16];
    CHECK(pipe(ends) == 0);
    snprintf(command, sizeof command, "printf leaked >&%d", ends[1]);
    char *argv[] = {"bash", "-c", command, NULL};
    CHECK(pos_start(argv) == 0);
    close(ends[1]);
    CHECK(read(ends[0], data, sizeof data) == 0);
    close(ends[0]);
}

static void knows_when_there_is_no_terminal(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK(pos_is_terminal(ends[0]) == 0);
    close(ends[0]);
    close(ends[1]);
}

int main(void) {
    listens_once_and_says_when_a_port_is_taken();
    serves_a_visitor();
    says_when_a_program_is_not_there();
    gives_no_descriptor_to_a_program();
    knows_when_there_is_no_terminal();
    return T_END();
}
