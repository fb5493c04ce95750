/* The rules an answer must keep while it arrives. The caps hold before anything is stored. */
#include "impl.h"

#include <string.h>
#include <strings.h>

static size_t stop(http_transfer *t, http_kind kind, const char *reason) {
    t->kind = kind;
    t->reason = reason;
    return 0;
}

static bool starts_with(const char *data, size_t length, const char *name, size_t name_length) {
    return length >= name_length && strncasecmp(data, name, name_length) == 0;
}

static void strip(const char **data, size_t *length) {
    while (*length > 0 && strchr(" \t\r\n", (*data)[*length - 1]) != NULL) --*length;
    while (*length > 0 && strchr(" \t", **data) != NULL) ++*data, --*length;
}

/* A length is digits, few enough for a long long. */
static long long number(const char *data, size_t length) {
    long long n = 0;
    if (length == 0 || length > 18) return -1;
    for (size_t i = 0; i < length; i++) {
        if (data[i] < '0' || data[i] > '9') return -1;
        n = n * 10 + (data[i] - '0');
    }
    return n;
}

static size_t take_length(http_transfer *t, const char *value, size_t length, size_t whole) {
    strip(&value, &length);
    long long n = number(value, length);
    if (n < 0 || (t->length >= 0 && n != t->length))
        return stop(t, HTTP_BAD_RESPONSE, "the length of the answer is malformed");
    if (t->chunked) return stop(t, HTTP_BAD_RESPONSE, "the answer has two lengths");
    if ((unsigned long long)n > t->max_body)
        return stop(t, HTTP_TOO_LARGE, "the body of the answer is over the limit");
    t->length = n;
    return whole;
}

static size_t take_coding(http_transfer *t, size_t whole) {
    if (t->length >= 0) return stop(t, HTTP_BAD_RESPONSE, "the answer has two lengths");
    t->chunked = true;
    return whole;
}

#define NAMED(name) starts_with(data, length, name, sizeof name - 1)

static size_t take_field(http_transfer *t, const char *data, size_t length) {
    static const char content_length[] = "content-length:";
    if (data[0] == ' ' || data[0] == '\t')
        return stop(t, HTTP_BAD_RESPONSE, "a header line of the answer is folded");
    if (NAMED("content-length:")) {
        size_t skip = sizeof content_length - 1;
        return take_length(t, data + skip, length - skip, length);
    }
    if (NAMED("transfer-encoding:")) return take_coding(t, length);
    if (NAMED("content-encoding:")) t->encoded = true;
    return length;
}

/* An interim answer (100 Continue) comes before the real one: only its lines count. */
static void begin_head(http_transfer *t) {
    http_bytes_clear(&t->head);
    t->length = -1;
    t->chunked = t->encoded = t->complete = false;
    t->started = true;
}

/* Lines are kept with CRLF between them, whatever they came with. */
static bool keep_line(http_transfer *t, const char *data, size_t length) {
    while (length > 0 && (data[length - 1] == '\n' || data[length - 1] == '\r')) length--;
    if (t->head.length > 0 && !http_bytes_add(&t->head, "\r\n", 2, 2 * HTTP_MAX_HEAD_BYTES))
        return false;
    return http_bytes_add(&t->head, data, length, 2 * HTTP_MAX_HEAD_BYTES);
}

size_t http_on_head(char *data, size_t size, size_t count, void *self) {
    http_transfer *t = self;
    size_t length = size * count;
    t->head_bytes += length;
    if (++t->head_lines > HTTP_MAX_HEAD_LINES || t->head_bytes > HTTP_MAX_HEAD_BYTES)
        return stop(t, HTTP_TOO_LARGE, "the header of the answer is over the limit");
    if (!t->started || (t->complete && t->body.length == 0 && NAMED("http/"))) {
        begin_head(t);
        return length;
    }
    if (t->complete) return length; /* a trailer */
    if (length <= 2 && (data[0] == '\r' || data[0] == '\n')) {
        t->complete = true;
        return length;
    }
    if (take_field(t, data, length) == 0) return 0;
    return keep_line(t, data, length) ? length : stop(t, HTTP_NETWORK, "out of memory");
}

size_t http_on_body(char *data, size_t size, size_t count, void *self) {
    http_transfer *t = self;
    size_t length = size * count;
    if (length > t->max_body || t->body.length > t->max_body - length)
        return stop(t, HTTP_TOO_LARGE, "the body of the answer is over the limit");
    if (!http_bytes_add(&t->body, data, length, t->max_body))
        return stop(t, HTTP_NETWORK, "out of memory");
    return length;
}
