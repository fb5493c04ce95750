/* A listening port on loopback, and the visitors that come to it. */
#include "desk.h"
#include "retry.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_socket(int family) {
    int one = 1, fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    return fd;
}

static int bind_and_listen(int fd, const struct sockaddr *address, socklen_t size) {
    if (bind(fd, address, size) == 0 && listen(fd, 8) == 0) return fd;
    int error = -errno;
    close(fd);
    return error;
}

static int listen4(int port) {
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = open_socket(AF_INET);
    return fd < 0 ? fd : bind_and_listen(fd, (const struct sockaddr *)&address, sizeof address);
}

static int listen6(int port) {
    struct sockaddr_in6 address;
    memset(&address, 0, sizeof address);
    address.sin6_family = AF_INET6;
    address.sin6_port = htons((uint16_t)port);
    address.sin6_addr = in6addr_loopback;
    int fd = open_socket(AF_INET6);
    return fd < 0 ? fd : bind_and_listen(fd, (const struct sockaddr *)&address, sizeof address);
}

static int port_of(int fd) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0) return -errno;
    return ntohs(address.sin_port);
}

int pos_listener_open(struct pos_listener *listener, int port) {
    listener->fds[0] = listener->fds[1] = -1;
    if (port < 0 || port > 65535) return -EINVAL;
    int fd = listen4(port);
    if (fd < 0) return fd;
    listener->fds[0] = fd;
    listener->port = port_of(fd);
    fd = listen6(listener->port);
    if (fd == -EADDRINUSE) {
        pos_listener_close(listener);
        return fd;
    }
    listener->fds[1] = fd < 0 ? -1 : fd; /* a machine without IPv6 */
    return 0;
}

void pos_listener_close(struct pos_listener *listener) {
    for (int i = 0; i < 2; i++) {
        if (listener->fds[i] >= 0) close(listener->fds[i]);
        listener->fds[i] = -1;
    }
}

static int milliseconds(double seconds) {
    if (!(seconds > 0)) return 0;
    return seconds > 86400 ? 86400000 : (int)(seconds * 1000) + 1;
}

/* 1 when ready, -ETIMEDOUT, or an error. */
static int wait_for(struct pollfd *fds, nfds_t count, double seconds) {
    const double ends = pos_monotime() + (seconds > 0 ? seconds : 0);
    for (;;) {
        int ready = poll(fds, count, milliseconds(ends - pos_monotime()));
        if (ready > 0) return 1;
        if (ready < 0 && errno != EINTR) return -errno;
        if (pos_monotime() >= ends) return -ETIMEDOUT;
    }
}

int pos_listener_accept(const struct pos_listener *listener, double seconds) {
    struct pollfd fds[2];
    for (int i = 0; i < 2; i++) fds[i] = (struct pollfd){listener->fds[i], POLLIN, 0};
    int ready = wait_for(fds, 2, seconds);
    if (ready < 0) return ready;
    for (int i = 0; i < 2; i++) {
        if (fds[i].revents == 0) continue;
        int fd = accept4(fds[i].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) return fd;
    }
    return -ETIMEDOUT; /* the visitor had gone before we looked */
}

int pos_socket_read(int fd, char *data, size_t size, double seconds) {
    struct pollfd one = {fd, POLLIN, 0};
    int ready = wait_for(&one, 1, seconds);
    if (ready < 0) return ready;
    ssize_t n;
    POS_RETRY(n, recv(fd, data, size, 0));
    return n < 0 ? -errno : (int)n;
}

int pos_socket_write(int fd, const char *data, size_t size, double seconds) {
    const double ends = pos_monotime() + seconds;
    struct pollfd one = {fd, POLLOUT, 0};
    while (size > 0) {
        int ready = wait_for(&one, 1, ends - pos_monotime());
        if (ready < 0) return ready;
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR) return -errno;
        if (n > 0) data += n, size -= (size_t)n;
    }
    return 0;
}
