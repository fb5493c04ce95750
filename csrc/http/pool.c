#include "impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_KEPT = 128, MAX_CONNECTIONS = 128 };

/* ---- the sockets of a pool ---- */

static bool remember(http_pool *pool, int fd) {
    if (pool->socket_count == pool->socket_size) {
        int size = pool->socket_size ? 2 * pool->socket_size : 4;
        http_socket *list = realloc(pool->sockets, (size_t)size * sizeof *list);
        if (list == NULL) return false;
        pool->sockets = list;
        pool->socket_size = size;
    }
    pool->sockets[pool->socket_count++] = (http_socket){.fd = fd};
    return true;
}

static bool is_loopback_address(const struct curl_sockaddr *address) {
    if (address->family == AF_INET) {
        const struct sockaddr_in *in = (const void *)&address->addr;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *in6 = (const void *)&address->addr;
    return address->family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/* No child process inherits a connection. A request that may not be repeated gets no second one. */
curl_socket_t http_socket_open(void *self, curlsocktype purpose, struct curl_sockaddr *address) {
    http_transfer *t = self;
    (void)purpose;
    if (t->plain && !is_loopback_address(address)) {
        t->kind = HTTP_CONFIG;
        t->reason = "http is spoken only to a loopback address";
        return CURL_SOCKET_BAD;
    }
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) return CURL_SOCKET_BAD;
    if (remember(t->pool, fd)) return fd;
    close(fd);
    return CURL_SOCKET_BAD;
}

int http_socket_close(void *self, curl_socket_t fd) {
    http_pool *pool = self;
    for (int i = 0; i < pool->socket_count; i++) {
        if (pool->sockets[i].fd != fd) continue;
        pool->sockets[i] = pool->sockets[--pool->socket_count];
        break;
    }
    http_crowd_forget(pool->crowd, fd);
    return close(fd);
}

static int port_of(int fd) {
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    if (getsockname(fd, (struct sockaddr *)&name, &length) != 0) return 0;
    if (name.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)(void *)&name)->sin_port);
    if (name.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)(void *)&name)->sin6_port);
    return 0;
}

static bool is_quiet(int fd) {
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

bool http_socket_spoilt(http_pool *pool, int local_port) {
    for (int i = 0; i < pool->socket_count; i++) {
        http_socket *s = &pool->sockets[i];
        if (s->port == 0) s->port = port_of(s->fd);
        if (s->port != local_port) continue;
        if (s->used && !is_quiet(s->fd)) return true;
        s->used = true;
    }
    return false;
}

/* ---- the pool ---- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *self, void *ours) {
    http_pool *pool = self;
    (void)easy, (void)ours;
    bool known = false;
    for (int i = 0; i < pool->socket_count && !known; i++) known = pool->sockets[i].fd == fd;
    http_crowd_watch(pool->crowd, pool, fd, what, known);
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *self) {
    http_pool *pool = self;
    (void)multi;
    pool->due = ms < 0 ? -1.0 : http_clock() + (double)ms / 1000.0;
    return 0;
}

static bool set_up(http_pool *pool) {
    CURLM *m = pool->multi = curl_multi_init();
    return m != NULL && curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_SOCKETDATA, pool) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_TIMERDATA, pool) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, (long)MAX_KEPT) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)MAX_CONNECTIONS) == CURLM_OK;
}

http_pool *http_pool_new(http_crowd *crowd, http_trust *trust, const char *proxy) {
    http_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) return NULL;
    pool->crowd = crowd;
    pool->trust = trust;
    pool->due = -1.0;
    pool->proxy = proxy != NULL ? strdup(proxy) : NULL;
    if (set_up(pool) && (proxy == NULL || pool->proxy != NULL)) return pool;
    http_pool_free(pool);
    return NULL;
}

/* Its transfers are gone by now. */
void http_pool_free(http_pool *pool) {
    curl_multi_cleanup(pool->multi);
    free(pool->sockets);
    free(pool->proxy);
    free(pool);
}

void http_pool_timer_fired(http_pool *pool, double now) {
    int running;
    long ms = -1;
    pool->due = -1.0;
    pool->touched = true;
    curl_multi_socket_action(pool->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    if (pool->due >= 0 || pool->running == 0) return;
    /* libcurl names a moment once; should this call have come too early for it, ask again */
    curl_multi_timeout(pool->multi, &ms);
    if (ms >= 0) pool->due = now + (double)(ms > 0 ? ms : 1) / 1000.0;
}
