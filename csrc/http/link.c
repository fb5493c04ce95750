/*
 * libcurl makes the connection: names, addresses in turn, proxy, TLS and its checks
 * (CURLOPT_CONNECT_ONLY). From then on it only carries octets, and what they mean is ours. So a
 * request leaves when we send it and never by itself again, and nothing that was received can be
 * taken for the answer to another request.
 */
#include "impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_REST = 100, MAX_AGE = 300, LONGEST_TIMEOUT = 3600 };

/* ---- sockets ---- */

static bool is_loopback_address(const struct curl_sockaddr *address) {
    if (address->family == AF_INET) {
        const struct sockaddr_in *in = (const void *)&address->addr;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *in6 = (const void *)&address->addr;
    return address->family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/* No child process inherits a connection. */
static curl_socket_t open_socket(void *self, curlsocktype purpose, struct curl_sockaddr *address) {
    http_link *link = self;
    (void)purpose;
    if (link->plain && !is_loopback_address(address)) {
        link->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int close_socket(void *self, curl_socket_t fd) {
    http_link *link = self;
    http_watches_forget(http_crowd_watches(link->pool->crowd), fd);
    return close(fd);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *self, void *known) {
    http_link *link = self;
    (void)easy, (void)known;
    http_watches_want(http_crowd_watches(link->pool->crowd), link, fd, what, false);
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *self) {
    http_link *link = self;
    (void)multi;
    link->due = ms < 0 ? -1.0 : http_clock() + (double)ms / 1000.0;
    return 0;
}

/* ---- handles ---- */

typedef struct {
    CURLoption option;
    long value;
} number_option;

static const number_option numbers[] = {
    {CURLOPT_CONNECT_ONLY, 1},
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_NOPROGRESS, 1},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    {CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
    {CURLOPT_HTTPPROXYTUNNEL, 1},
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_SSL_VERIFYPEER, 1},
    {CURLOPT_SSL_VERIFYHOST, 2},
    {CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_PROXY_SSL_VERIFYPEER, 1},
    {CURLOPT_PROXY_SSL_VERIFYHOST, 2},
    {CURLOPT_SSL_ENABLE_ALPN, 0},
#if LIBCURL_VERSION_NUM >= 0x075700
    /* a name server that does not answer must not hold up the end of a transfer */
    {CURLOPT_QUICK_EXIT, 1},
#endif
};

static bool set_numbers(CURL *easy) {
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (curl_easy_setopt(easy, numbers[i].option, numbers[i].value) != CURLE_OK) return false;
    return true;
}

static bool set_easy(http_link *link, long ms) {
    CURL *e = link->easy = curl_easy_init();
    const char *proxy = !link->plain && link->pool->proxy != NULL ? link->pool->proxy : "";
    return e != NULL && set_numbers(e) && http_trust_apply(link->pool->trust, e) &&
           curl_easy_setopt(e, CURLOPT_ERRORBUFFER, link->error) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, link) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, close_socket) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, link) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_SHARE, link->pool->share) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_URL, link->origin) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, link->plain ? "http" : "https") == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PROXY, proxy) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, ms) == CURLE_OK;
}

static bool set_multi(http_link *link) {
    CURLM *m = link->multi = curl_multi_init();
    return m != NULL && curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_SOCKETDATA, link) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_TIMERDATA, link) == CURLM_OK &&
           curl_multi_add_handle(m, link->easy) == CURLM_OK;
}

static long milliseconds(double seconds) {
    if (seconds > LONGEST_TIMEOUT) seconds = LONGEST_TIMEOUT;
    return seconds > 0.001 ? (long)(seconds * 1000) : 1;
}

http_link *http_link_open(http_pool *pool, const char *origin, bool plain, double seconds) {
    http_link *link = calloc(1, sizeof *link);
    if (link == NULL) return NULL;
    *link = (http_link){.pool = pool, .plain = plain, .fd = -1, .due = -1.0, .born = pool->crowd->now};
    link->origin = strdup(origin);
    if (link->origin != NULL && set_easy(link, milliseconds(seconds)) && set_multi(link)) return link;
    http_link_close(link);
    return NULL;
}

void http_link_close(http_link *link) {
    if (link->multi != NULL) curl_multi_remove_handle(link->multi, link->easy);
    curl_easy_cleanup(link->easy);
    curl_multi_cleanup(link->multi);
    free(link->origin);
    free(link);
}

/* ---- connecting ---- */

static bool take_outcome(http_link *link, CURLcode *code) {
    int left;
    curl_socket_t fd = CURL_SOCKET_BAD;
    CURLMsg *message = curl_multi_info_read(link->multi, &left);
    if (message == NULL || message->msg != CURLMSG_DONE) return false;
    *code = message->data.result;
    if (*code == CURLE_OK) *code = curl_easy_getinfo(link->easy, CURLINFO_ACTIVESOCKET, &fd);
    if (*code == CURLE_OK && fd == CURL_SOCKET_BAD) *code = CURLE_COULDNT_CONNECT;
    link->connected = *code == CURLE_OK;
    link->fd = link->connected ? (int)fd : -1;
    return true;
}

bool http_link_connect(http_link *link, int fd, int mask, CURLcode *code) {
    int running;
    long ms = -1;
    link->due = fd == CURL_SOCKET_TIMEOUT ? -1.0 : link->due;
    curl_multi_socket_action(link->multi, fd, mask, &running);
    if (take_outcome(link, code)) return true;
    if (link->due >= 0) return false;
    /* libcurl names a moment once; should this call have come too early for it, ask again */
    curl_multi_timeout(link->multi, &ms);
    if (ms >= 0) link->due = http_clock() + (double)(ms > 0 ? ms : 1) / 1000.0;
    return false;
}

/* ---- connected ---- */

bool http_link_is_sound(const http_link *link, double now) {
    char octet;
    if (now - link->rested > MAX_REST || now - link->born > MAX_AGE) return false;
    ssize_t n = recv(link->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static ssize_t outcome_of(ssize_t n) {
    if (n >= 0) return n;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? HTTP_IO_AGAIN : HTTP_IO_FAILED;
}

static ssize_t tls_outcome(CURLcode code, size_t n) {
    if (code == CURLE_OK) return (ssize_t)n;
    return code == CURLE_AGAIN ? HTTP_IO_AGAIN : HTTP_IO_FAILED;
}

ssize_t http_link_send(http_link *link, const char *data, size_t length) {
    size_t n = 0;
    if (link->plain) return outcome_of(send(link->fd, data, length, MSG_NOSIGNAL));
    CURLcode code = curl_easy_send(link->easy, data, length, &n);
    return tls_outcome(code, n);
}

ssize_t http_link_receive(http_link *link, char *data, size_t size) {
    size_t n = 0;
    if (link->plain) return outcome_of(recv(link->fd, data, size, 0));
    CURLcode code = curl_easy_recv(link->easy, data, size, &n);
    return tls_outcome(code, n);
}
