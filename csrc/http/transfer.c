/* One transfer: its request put together, sent, and its answer taken in. */
#include "impl.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_TRIES = 8 };

http_transfer *http_transfer_new(http_pool *pool, int id) {
    http_transfer *t = calloc(1, sizeof *t);
    if (t == NULL) return NULL;
    t->pool = pool;
    t->id = id;
    return t;
}

static void forget_url(http_transfer *t) {
    free(t->path);
    free(t->host);
    free(t->url);
    free(t->origin);
    t->url = t->origin = t->host = t->path = NULL;
}

void http_transfer_free(http_transfer *t) {
    forget_url(t);
    http_bytes_free(&t->fields);
    http_bytes_free(&t->request);
    http_bytes_free(&t->answer.in);
    free(t);
}

void http_transfer_reset(http_transfer *t) {
    http_bytes_clear(&t->fields);
    http_bytes_clear(&t->request);
    http_answer_begin(&t->answer, 0);
    t->result = (http_result){0};
    t->state = HTTP_IDLE;
}

/* ---- the URL ---- */

static bool is_loopback(const char *host) {
    return strcasecmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "[::1]") == 0;
}

static bool is_default_port(bool plain, const char *port) {
    return strcmp(port, plain ? "80" : "443") == 0;
}

static bool set_origin(http_transfer *t, const char *scheme, const char *host, const char *port) {
    char text[600];
    const char *own = is_default_port(t->plain, port) ? "" : port;
    if (strlen(host) > 255 || strlen(port) > 5) return false;
    snprintf(text, sizeof text, "%s://%s:%s/", scheme, host, port);
    t->origin = strdup(text);
    snprintf(text, sizeof text, "%s%s%s", host, *own != '\0' ? ":" : "", own);
    t->host = strdup(text);
    return t->origin != NULL && t->host != NULL;
}

static bool set_path(http_transfer *t, const char *path, const char *query) {
    const char *mark = query != NULL ? "?" : "";
    if (asprintf(&t->path, "%s%s%s", path, mark, query != NULL ? query : "") < 0) t->path = NULL;
    if (t->path == NULL) return false;
    for (const char *p = t->path; *p != '\0'; p++)
        if ((unsigned char)*p <= 0x20 || *p == 0x7f) return false;
    return true;
}

static const char *use_parts(http_transfer *t, const char *scheme, const char *host,
                             const char *port, const char *path, const char *query) {
    t->plain = strcmp(scheme, "http") == 0;
    if (!t->plain && strcmp(scheme, "https") != 0) return "only https is spoken";
    if (t->plain && !is_loopback(host)) return "http is spoken only to a loopback address";
    if (!set_origin(t, scheme, host, port) || !set_path(t, path, query)) return "the URL cannot be used";
    return NULL;
}

static const char *cut(http_transfer *t, CURLU *parsed) {
    char *part[5] = {NULL};
    static const CURLUPart which[5] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT,
                                       CURLUPART_PATH, CURLUPART_QUERY};
    const char *reason = NULL;
    for (int i = 0; i < 5 && reason == NULL; i++) {
        CURLUcode code = curl_url_get(parsed, which[i], &part[i], CURLU_DEFAULT_PORT);
        if (code != CURLUE_OK && which[i] != CURLUPART_QUERY) reason = "the URL cannot be read";
    }
    if (reason == NULL) reason = use_parts(t, part[0], part[1], part[2], part[3], part[4]);
    for (int i = 0; i < 5; i++) curl_free(part[i]);
    return reason;
}

/* libcurl's own parser reads the URL, so that nobody can read it in another way. */
static const char *parse(http_transfer *t, const char *url) {
    CURLU *parsed = curl_url();
    if (parsed == NULL) return "out of memory";
    const char *reason = "the URL cannot be read";
    if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK)
        reason = cut(t, parsed);
    curl_url_cleanup(parsed);
    return reason;
}

static const char *set_url(http_transfer *t, const char *url) {
    if (t->url != NULL && strcmp(t->url, url) == 0) return NULL;
    forget_url(t);
    const char *reason = parse(t, url);
    if (reason == NULL) t->url = strdup(url);
    return reason;
}

/* ---- the request ---- */

#define EACH_OCTET(c) (UINT64_MAX / 0xff * (c))

/* Eight octets of which none is a control character. (Some that have none are not seen to be so.) */
static bool is_printable(const char *eight) {
    uint64_t x;
    memcpy(&x, eight, sizeof x);
    uint64_t del = x ^ EACH_OCTET(0x7f);
    return (((x - EACH_OCTET(0x20)) | (del - EACH_OCTET(1)) | x) & EACH_OCTET(0x80)) == 0;
}

static bool has_control(const char *text, size_t length) {
    size_t i = 0;
    while (length - i >= 8 && is_printable(text + i)) i += 8;
    for (; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return true;
    }
    return false;
}

static bool is_sound(const char *text, size_t length) {
    const char *colon = memchr(text, ':', length);
    return colon != NULL && colon != text && memchr(text, ' ', (size_t)(colon - text)) == NULL &&
           !has_control(text, length);
}

bool http_transfer_add_field(http_transfer *t, const char *text, size_t length) {
    if (is_sound(text, length) && t->fields.length + length + 2 <= HTTP_MAX_FIELD_BYTES &&
        http_bytes_add(&t->fields, text, length) && http_bytes_add(&t->fields, "\r\n", 2))
        return true;
    http_transfer_fail(t, HTTP_CONFIG, "a header field is malformed, or they are too long");
    return false;
}

static bool add_text(http_transfer *t, const char *text) {
    return http_bytes_add(&t->request, text, strlen(text));
}

static bool add_length(http_transfer *t, size_t length) {
    char digits[24], *end = digits + sizeof digits, *p = end;
    do *--p = (char)('0' + length % 10);
    while ((length /= 10) > 0);
    return add_text(t, "Content-Length: ") && http_bytes_add(&t->request, p, (size_t)(end - p)) &&
           add_text(t, "\r\n");
}

static bool write_head(http_transfer *t, const http_request *r) {
    bool ok = add_text(t, r->method) && add_text(t, " ") && add_text(t, t->path) &&
              add_text(t, " HTTP/1.1\r\nHost: ") && add_text(t, t->host) && add_text(t, "\r\n") &&
              http_bytes_add(&t->request, t->fields.data, t->fields.length);
    if (strcmp(r->method, "POST") == 0) ok = ok && add_length(t, r->body_length);
    return ok && add_text(t, "\r\n");
}

static const char *check_method(const http_request *r) {
    if (strcmp(r->method, "POST") == 0) return NULL;
    if (strcmp(r->method, "GET") != 0) return "the method is neither GET nor POST";
    return r->body_length > 0 ? "a GET has no body" : NULL;
}

bool http_transfer_compose(http_transfer *t, const http_request *r) {
    http_answer_begin(&t->answer, r->max_body);
    t->sent = 0;
    t->tries = 0;
    t->minting = r->minting;
    t->deadline = r->deadline;
    const char *reason = check_method(r);
    if (reason == NULL) reason = set_url(t, r->url);
    if (reason == NULL && !(write_head(t, r) && http_bytes_add(&t->request, r->body, r->body_length)))
        reason = "out of memory";
    if (reason != NULL) http_transfer_fail(t, HTTP_CONFIG, reason);
    else if (!(r->deadline > t->pool->crowd->now)) http_transfer_fail(t, HTTP_TIMEOUT, NULL);
    else return true;
    return false;
}

/* ---- the exchange ---- */

static void succeed(http_transfer *t) {
    const http_answer *a = &t->answer;
    if (a->encoded) {
        http_transfer_fail(t, HTTP_BAD_RESPONSE, "the answer is compressed, which was not asked for");
        return;
    }
    t->result = (http_result){
        .status = a->status,
        .head = a->in.data + a->head,
        .head_length = a->head_length,
        .body = a->in.data + a->body,
        .body_length = a->body_length,
    };
}

/* It began as an answer does, and was spoilt on the way: as good as lost. */
static bool is_garbled(const http_answer *a) {
    return a->kind == HTTP_BAD_RESPONSE && a->status >= 200;
}

static bool use(http_transfer *t, http_progress progress) {
    if (progress == HTTP_COMPLETE) succeed(t);
    if (progress == HTTP_BROKEN) {
        http_transfer_fail(t, t->answer.kind, t->answer.reason);
        t->result.retryable |= is_garbled(&t->answer);
    }
    return progress == HTTP_MORE;
}

bool http_transfer_send(http_transfer *t) {
    while (t->sent < t->request.length) {
        ssize_t n = http_link_send(t->link, t->request.data + t->sent, t->request.length - t->sent);
        if (n == HTTP_IO_AGAIN) return true;
        if (n < 0) {
            http_transfer_fail(t, HTTP_NETWORK, "the connection broke while the request was sent");
            return false;
        }
        t->sent += (size_t)n;
    }
    return true;
}

/* True while more is to come. */
static bool receive(http_transfer *t) {
    for (;;) {
        http_bytes *in = &t->answer.in;
        size_t room = http_answer_room(&t->answer);
        if (!http_bytes_reserve(in, room)) {
            http_transfer_fail(t, HTTP_NETWORK, "out of memory");
            return false;
        }
        room = in->size - in->length;
        ssize_t n = http_link_receive(t->link, in->data + in->length, room);
        if (n == HTTP_IO_AGAIN) return true;
        if (n == HTTP_IO_FAILED) {
            http_transfer_fail(t, HTTP_NETWORK, "the connection was reset");
            return false;
        }
        if (n == 0) return use(t, http_answer_end(&t->answer));
        in->length += (size_t)n;
        if (!use(t, http_answer_read(&t->answer))) return false;
        if (t->link->plain && (size_t)n < room) return true;
    }
}

bool http_transfer_exchange(http_transfer *t, bool *reusable) {
    bool goes_on = http_transfer_send(t) && receive(t);
    *reusable = !goes_on && t->result.kind == HTTP_OK && t->answer.reusable &&
                t->sent == t->request.length;
    return goes_on;
}

/* A kept connection that ended before a word of the answer: what mints nothing may be repeated, and
 * so may what has not left at all. */
bool http_transfer_again(const http_transfer *t) {
    return t->result.kind == HTTP_NETWORK && t->link->used && t->answer.in.length == 0 &&
           (!t->minting || t->sent == 0) && t->tries < MAX_TRIES;
}

int http_transfer_wants(const http_transfer *t) {
    return t->sent < t->request.length ? CURL_POLL_INOUT : CURL_POLL_IN;
}
