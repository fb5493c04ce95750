/*
 * The plain C program beside which the library's refreshes are measured: libcurl, one POST of a
 * refresh token at a time on a kept connection, or several at a time over the multi interface, and
 * `exp` of both tokens of every answer. No more checks than such a program would have.
 *
 *   bench_refresh easy   N URL [CA_FILE]
 *   bench_refresh multi  N URL [CA_FILE] IN_FLIGHT     curl_multi_perform and curl_multi_poll
 *   bench_refresh socket N URL [CA_FILE] IN_FLIGHT     curl_multi_socket_action and epoll
 *
 * An empty CA_FILE stands for plain http or the system's roots, one that ends with a slash for a
 * folder of hashed certificates. `easy 0` sends one request, for the time of a cold start. Prints
 * the CPU time of a refresh in microseconds, measured after a warm-up of as many refreshes as are
 * in flight, and the wall time.
 */
#include "clocks.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { TOKEN = 1686, ANSWER = 65536 };

typedef struct {
    CURL *easy;
    char answer[ANSWER];
    size_t length;
} slot;

static char body[TOKEN + 256];
static struct curl_slist *fields;
static const char *url, *ca_file;
static long long checked;

static void die(const char *message) {
    fprintf(stderr, "bench_refresh: %s\n", message);
    exit(1);
}

static size_t keep(char *data, size_t size, size_t count, void *self) {
    slot *s = self;
    size_t n = size * count;
    if (s->length + n >= ANSWER) return 0;
    memcpy(s->answer + s->length, data, n);
    s->length += n;
    s->answer[s->length] = '\0';
    return n;
}

/* ---- exp of a token ---- */

static int digit(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '-') return 62;
    return c == '_' ? 63 : -1;
}

static size_t decode(const char *text, char *out) {
    unsigned bits = 0;
    int have = 0;
    size_t n = 0;
    for (int d; (d = digit(*text)) >= 0; text++) {
        bits = bits << 6 | (unsigned)d;
        have += 6;
        if (have < 8) continue;
        have -= 8;
        out[n++] = (char)(bits >> have & 255);
    }
    out[n] = '\0';
    return n;
}

static long long expiry(const char *answer, const char *name) {
    char claims[4096];
    const char *token = strstr(answer, name);
    if (token == NULL) die("no token in the answer");
    const char *payload = strchr(token + strlen(name), '.');
    if (payload == NULL || decode(payload + 1, claims) == 0) die("a malformed token");
    const char *exp = strstr(claims, "\"exp\":");
    if (exp == NULL) die("a token without exp");
    return strtoll(exp + 6, NULL, 10);
}

static void check(slot *s, CURLcode code) {
    long status = 0;
    if (code != CURLE_OK) die(curl_easy_strerror(code));
    curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) die("a status other than 200");
    if (expiry(s->answer, "\"AccessToken\":\"") <= 0 || expiry(s->answer, "\"IdToken\":\"") <= 0)
        die("a token that has expired");
    checked++;
}

/* ---- handles ---- */

static void prepare(void) {
    static const char start[] = "{\"ClientId\":\"1h57kf5cpq17m0eml12EXAMPLE\",\"RefreshToken\":\"";
    strcpy(body, start);
    size_t n = strlen(body);
    memset(body + n, 'r', TOKEN);
    strcpy(body + n + TOKEN, "\"}");
    fields = curl_slist_append(fields, "Content-Type: application/x-amz-json-1.1");
    fields = curl_slist_append(fields, "X-Amz-Target: AWSCognitoIdentityProviderService."
                                       "GetTokensFromRefreshToken");
    fields = curl_slist_append(fields, "User-Agent: bench");
    fields = curl_slist_append(fields, "Cache-Control: no-store");
}

static void set_up(slot *s) {
    CURL *e = s->easy = curl_easy_init();
    if (e == NULL) die("out of memory");
    curl_easy_setopt(e, CURLOPT_URL, url);
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(e, CURLOPT_PRIVATE, s);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, 10000L);
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (ca_file[0] == '\0') return;
    int folder = ca_file[strlen(ca_file) - 1] == '/'; /* of hashed certificates */
    curl_easy_setopt(e, CURLOPT_CAINFO, folder ? NULL : ca_file);
    if (folder) curl_easy_setopt(e, CURLOPT_CAPATH, ca_file);
}

/* ---- one at a time ---- */

static void run_easy(long count) {
    slot *s = calloc(1, sizeof *s);
    set_up(s);
    double c = 0, w = 0;
    for (long i = -1; i < count; i++) {
        if (i == 0) c = cpu(), w = wall();
        s->length = 0;
        check(s, curl_easy_perform(s->easy));
    }
    printf("%.3f %.3f\n", (cpu() - c) / (double)count, (wall() - w) / (double)count);
}

/* ---- several at a time ---- */

static CURLM *multi;
static long started, finished, wanted;
static double cpu_start, wall_start;
static int in_flight;

static void begin(slot *s) {
    s->length = 0;
    started++;
    curl_multi_add_handle(multi, s->easy);
}

static void collect(void) {
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(multi, &left)) != NULL) {
        slot *s = NULL;
        CURLcode code = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &s);
        curl_multi_remove_handle(multi, s->easy);
        check(s, code);
        if (++finished == in_flight) cpu_start = cpu(), wall_start = wall();
        if (started < wanted) begin(s);
    }
}

static void run_perform(void) {
    int running;
    while (finished < wanted) {
        curl_multi_perform(multi, &running);
        collect();
        if (finished < wanted && running > 0) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
}

static int epoll_fd;
static long timer = -1;

static int on_timer(CURLM *m, long ms, void *self) {
    (void)m, (void)self;
    timer = ms;
    return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *self, void *known) {
    struct epoll_event e = {.events = ((what & CURL_POLL_IN) ? (unsigned)EPOLLIN : 0u) |
                                      ((what & CURL_POLL_OUT) ? (unsigned)EPOLLOUT : 0u),
                            .data = {.fd = fd}};
    (void)easy, (void)self;
    if (what == CURL_POLL_REMOVE) epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, &e);
    else epoll_ctl(epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e);
    if (what != CURL_POLL_REMOVE && known == NULL) curl_multi_assign(multi, fd, &epoll_fd);
    return 0;
}

static void run_socket(void) {
    struct epoll_event events[64];
    int running;
    while (finished < wanted) {
        if (timer == 0) {
            timer = -1;
            curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
            collect();
            continue;
        }
        int n = epoll_wait(epoll_fd, events, 64, timer < 0 ? 1000 : (int)timer);
        for (int i = 0; i < n; i++) {
            int mask = ((events[i].events & EPOLLIN) ? CURL_CSELECT_IN : 0) |
                       ((events[i].events & EPOLLOUT) ? CURL_CSELECT_OUT : 0) |
                       ((events[i].events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0);
            curl_multi_socket_action(multi, events[i].data.fd, mask, &running);
        }
        if (n == 0) curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
        collect();
    }
}

static void run_multi(long count, bool by_socket) {
    multi = curl_multi_init();
    wanted = count + in_flight;
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)in_flight * 2);
    if (by_socket) {
        epoll_fd = epoll_create1(0);
        curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
        curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    }
    for (int i = 0; i < in_flight; i++) {
        slot *s = calloc(1, sizeof *s);
        set_up(s);
        begin(s);
    }
    if (by_socket) run_socket();
    else run_perform();
    printf("%.3f %.3f\n", (cpu() - cpu_start) / (double)count, (wall() - wall_start) / (double)count);
}

int main(int argc, char **argv) {
    if (argc < 5) die("usage: bench_refresh easy|multi|socket N URL CA_FILE [IN_FLIGHT]");
    long count = strtol(argv[2], NULL, 10);
    url = argv[3];
    ca_file = argv[4];
    in_flight = argc > 5 ? (int)strtol(argv[5], NULL, 10) : 64;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    prepare();
    if (strcmp(argv[1], "easy") == 0) run_easy(count);
    else run_multi(count, strcmp(argv[1], "socket") == 0);
    return checked >= count ? 0 : 1;
}
