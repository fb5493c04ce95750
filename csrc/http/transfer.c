#include "impl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_SPOILT = 16, LONGEST_TIMEOUT = 3600 };

/* ---- the handle ---- */

/* Runs when a connection is chosen, before a byte of the request is written. */
static int on_send(void *self, char *ip, char *local_ip, int port, int local_port) {
    http_transfer *t = self;
    (void)ip, (void)local_ip, (void)port;
    if (t->sends > 0 && t->minting) {
        t->kind = HTTP_NETWORK;
        t->reason = "the connection broke before the answer came";
        return CURL_PREREQFUNC_ABORT;
    }
    if (t->spoilt < MAX_SPOILT && http_socket_spoilt(t->pool, local_port)) {
        t->spoilt++;
        t->spoilt_now = true;
        return CURL_PREREQFUNC_ABORT;
    }
    t->sends++;
    return CURL_PREREQFUNC_OK;
}

typedef struct {
    CURLoption option;
    long value;
} number_option;

static const number_option numbers[] = {
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_NOPROGRESS, 1},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
    {CURLOPT_HTTP09_ALLOWED, 0},
    {CURLOPT_FOLLOWLOCATION, 0},
    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    {CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_SSL_VERIFYPEER, 1},
    {CURLOPT_SSL_VERIFYHOST, 2},
    {CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_PROXY_SSL_VERIFYPEER, 1},
    {CURLOPT_PROXY_SSL_VERIFYHOST, 2},
    {CURLOPT_MAXLIFETIME_CONN, 300},
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

static bool set_callbacks(http_transfer *t) {
    CURL *e = t->easy;
    return curl_easy_setopt(e, CURLOPT_PRIVATE, t) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, http_on_head) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HEADERDATA, t) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, http_on_body) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEDATA, t) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_send) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PREREQDATA, t) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, http_socket_open) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, http_socket_close) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, t->pool) == CURLE_OK;
}

static bool set_up(http_transfer *t) {
    t->easy = curl_easy_init();
    return t->easy != NULL && set_numbers(t->easy) && set_callbacks(t) &&
           http_trust_apply(t->pool->trust, t->easy);
}

http_transfer *http_transfer_new(http_pool *pool, int id) {
    http_transfer *t = calloc(1, sizeof *t);
    if (t == NULL) return NULL;
    t->pool = pool;
    t->id = id;
    if (set_up(t)) return t;
    http_transfer_free(t);
    return NULL;
}

void http_transfer_free(http_transfer *t) {
    curl_easy_cleanup(t->easy);
    http_bytes_free(&t->fields.text);
    http_bytes_free(&t->sent);
    http_bytes_free(&t->head);
    http_bytes_free(&t->body);
    free(t->url);
    free(t);
}

/* Wipes what went through, keeps what libcurl was told and may be told again. */
void http_transfer_reset(http_transfer *t) {
    http_fields_done(&t->fields);
    http_bytes_clear(&t->sent);
    http_bytes_clear(&t->head);
    http_bytes_clear(&t->body);
    t->result = (http_result){0};
    t->state = HTTP_IDLE;
}

/* ---- the request ---- */

static bool is_loopback(const char *host) {
    return strcasecmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "[::1]") == 0;
}

/* libcurl's own parser reads the URL, so that no other reading of it can differ. What the name
 * resolves to is looked at once more when the connection is made. */
static const char *inspect(CURLU *parsed, const char *url, bool *plain) {
    char *scheme = NULL, *host = NULL;
    const char *reason = NULL;
    if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER) != CURLUE_OK ||
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
        reason = "the URL cannot be read";
    } else {
        *plain = strcmp(scheme, "http") == 0;
        if (!*plain && strcmp(scheme, "https") != 0) reason = "only https is spoken";
        if (*plain && !is_loopback(host)) reason = "http is spoken only to a loopback address";
    }
    curl_free(scheme);
    curl_free(host);
    return reason;
}

static const char *check_url(const char *url, bool *plain) {
    CURLU *parsed = curl_url();
    if (parsed == NULL) return "out of memory";
    const char *reason = inspect(parsed, url, plain);
    curl_url_cleanup(parsed);
    return reason;
}

static const char *set_url(http_transfer *t, const char *url) {
    if (t->url != NULL && strcmp(t->url, url) == 0) return NULL;
    free(t->url);
    t->url = NULL;
    const char *reason = check_url(url, &t->plain);
    if (reason != NULL) return reason;
    const char *proxy = !t->plain && t->pool->proxy != NULL ? t->pool->proxy : "";
    if (curl_easy_setopt(t->easy, CURLOPT_URL, url) != CURLE_OK ||
        curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, t->plain ? "http" : "https") != CURLE_OK ||
        curl_easy_setopt(t->easy, CURLOPT_PROXY, proxy) != CURLE_OK ||
        (t->url = strdup(url)) == NULL)
        return "out of memory";
    return NULL;
}

static const char *set_body(http_transfer *t, const http_request *r) {
    bool is_post = strcmp(r->method, "POST") == 0;
    if (!is_post && strcmp(r->method, "GET") != 0) return "the method is neither GET nor POST";
    if (is_post != t->is_post || !is_post)
        curl_easy_setopt(t->easy, is_post ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
    t->is_post = is_post;
    if (!is_post) return r->body_length > 0 ? "a GET has no body" : NULL;
    if (!http_bytes_add(&t->sent, r->body, r->body_length, (size_t)-1)) return "out of memory";
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_length);
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, r->body_length > 0 ? t->sent.data : "");
    return NULL;
}

static void forget_answer(http_transfer *t) {
    http_bytes_clear(&t->head);
    http_bytes_clear(&t->body);
    t->head_bytes = t->head_lines = 0;
    t->length = -1;
    t->chunked = t->encoded = t->started = t->complete = false;
    t->spoilt_now = false;
    t->kind = HTTP_OK;
    t->reason = NULL;
    t->error[0] = '\0';
}

/* At least a millisecond, since zero means for ever to libcurl. */
static bool set_timeout(http_transfer *t, double seconds) {
    if (!(seconds > 0)) return false;
    if (seconds > LONGEST_TIMEOUT) seconds = LONGEST_TIMEOUT;
    long ms = (long)(seconds * 1000);
    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, ms > 0 ? ms : 1);
    return true;
}

bool http_transfer_prepare(http_transfer *t, const http_request *request) {
    forget_answer(t);
    t->sends = t->spoilt = 0;
    t->minting = request->minting;
    t->max_body = request->max_body;
    struct curl_slist *list = http_fields_end(&t->fields);
    if (list != NULL) curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, list);
    const char *reason = set_url(t, request->url);
    if (reason == NULL) reason = set_body(t, request);
    if (reason != NULL) {
        http_transfer_refuse(t, reason);
        return false;
    }
    t->deadline = http_clock() + request->timeout;
    if (set_timeout(t, request->timeout)) return true;
    http_transfer_judge(t, CURLE_OPERATION_TIMEDOUT);
    return false;
}

bool http_transfer_again(http_transfer *t) {
    forget_answer(t);
    return set_timeout(t, t->deadline - http_clock());
}
