#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* memmem */
#endif
#include "answer.h"

#include <string.h>
#include <strings.h>

enum { HEAD, BY_LENGTH, CHUNK_LINE, CHUNK, CHUNK_END, TRAILERS, UNTIL_CLOSE, COMPLETE };
enum { MAX_INTERIM = 16, MAX_CHUNK_LINE = 1024, MAX_TRAILERS = 16 * 1024, ROOM = 16 * 1024 };

typedef struct {
    const char *data;
    size_t length;
} slice;

void http_answer_begin(http_answer *a, size_t max_body) {
    http_bytes in = a->in;
    http_bytes_clear(&in);
    *a = (http_answer){.in = in, .max_body = max_body, .length = -1, .phase = HEAD};
}

static http_progress broken(http_answer *a, http_kind kind, const char *reason) {
    a->kind = kind;
    a->reason = reason;
    return HTTP_BROKEN;
}

static http_progress bad(http_answer *a, const char *reason) {
    return broken(a, HTTP_BAD_RESPONSE, reason);
}

static http_progress too_large_head(http_answer *a) {
    return broken(a, HTTP_TOO_LARGE, "the header of the answer is over the limit");
}

static http_progress too_large_body(http_answer *a) {
    return broken(a, HTTP_TOO_LARGE, "the body of the answer is over the limit");
}

/* ---- the header ---- */

static bool is_token(unsigned char c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is(slice s, const char *text) {
    return s.length == strlen(text) && strncasecmp(s.data, text, s.length) == 0;
}

static slice strip(slice s) {
    while (s.length > 0 && (s.data[s.length - 1] == ' ' || s.data[s.length - 1] == '\t')) s.length--;
    while (s.length > 0 && (*s.data == ' ' || *s.data == '\t')) s.data++, s.length--;
    return s;
}

/* A bare CR or LF ends a line for some readers: what holds one means two things. */
static bool has_control(slice s) {
    for (size_t i = 0; i < s.length; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return true;
    }
    return false;
}

/* Cuts "Name: value". A line that begins with a space would continue the one before: refused. */
static bool cut_field(slice line, slice *name, slice *value) {
    size_t n = 0;
    while (n < line.length && is_token((unsigned char)line.data[n])) n++;
    if (n == 0 || n == line.length || line.data[n] != ':') return false;
    if (has_control((slice){line.data + n, line.length - n})) return false;
    *name = (slice){line.data, n};
    *value = strip((slice){line.data + n + 1, line.length - n - 1});
    return true;
}

/* Digits alone, else negative. More than any limit is as good as the limit's double. */
static long long number(slice s) {
    static const long long plenty = 1000000000000000000;
    long long n = 0;
    if (s.length == 0) return -1;
    for (size_t i = 0; i < s.length; i++) {
        if (s.data[i] < '0' || s.data[i] > '9') return -1;
        n = n < plenty / 10 ? n * 10 + (s.data[i] - '0') : plenty;
    }
    return n;
}

static bool lists(slice value, const char *word) {
    while (value.length > 0) {
        const char *comma = memchr(value.data, ',', value.length);
        size_t n = comma != NULL ? (size_t)(comma - value.data) : value.length;
        if (is(strip((slice){value.data, n}), word)) return true;
        n += comma != NULL;
        value = (slice){value.data + n, value.length - n};
    }
    return false;
}

static const char *take_length(http_answer *a, slice value) {
    long long n = number(value);
    if (n < 0 || (a->length >= 0 && n != a->length)) return "the length of the answer is malformed";
    a->length = n;
    return a->chunked ? "the answer has two lengths" : NULL;
}

/* HTTP/1.0 has no chunks: such an answer was changed on its way (RFC 9112, 6.1). */
static const char *take_coding(http_answer *a, slice value) {
    if (a->chunked || a->old || !is(value, "chunked")) return "the answer has a coding nobody speaks";
    a->chunked = true;
    return a->length >= 0 ? "the answer has two lengths" : NULL;
}

static const char *take_field(http_answer *a, slice line) {
    slice name, value;
    if (!cut_field(line, &name, &value)) return "a header line of the answer is malformed";
    switch (name.length) {
    case 10:
        if (is(name, "connection") && lists(value, "close")) a->close = true;
        return NULL;
    case 14:
        return is(name, "content-length") ? take_length(a, value) : NULL;
    case 16:
        if (is(name, "content-encoding") && !is(value, "identity")) a->encoded = true;
        return NULL;
    case 17:
        return is(name, "transfer-encoding") ? take_coding(a, value) : NULL;
    default:
        return NULL;
    }
}

/* "HTTP/1.1 200 OK" */
static bool take_status(http_answer *a, slice line) {
    if (line.length < 12 || memcmp(line.data, "HTTP/1.", 7) != 0) return false;
    if ((line.data[7] != '0' && line.data[7] != '1') || line.data[8] != ' ') return false;
    if (line.length > 12 && (line.data[12] != ' ' || has_control(line))) return false;
    long long status = number((slice){line.data + 9, 3});
    if (status < 100) return false;
    a->old = a->close = line.data[7] == '0';
    a->status = (int)status;
    return true;
}

/* Quicker than memmem for what is so short. */
static const char *find_line_end(const char *p, size_t length) {
    for (const char *end = p + length; (p = memchr(p, '\r', (size_t)(end - p))) != NULL; p++)
        if (end - p > 1 && p[1] == '\n') return p;
    return NULL;
}

/* The next line of a block in which every line ends with CRLF. */
static slice next_line(slice *rest) {
    const char *end = find_line_end(rest->data, rest->length);
    slice line = {rest->data, end != NULL ? (size_t)(end - rest->data) : rest->length};
    size_t used = end != NULL ? line.length + 2 : line.length;
    *rest = (slice){rest->data + used, rest->length - used};
    return line;
}

static http_progress take_fields(http_answer *a, slice block) {
    for (int lines = 1; block.length > 0; lines++) {
        if (lines > HTTP_MAX_HEAD_LINES) return too_large_head(a);
        const char *reason = take_field(a, next_line(&block));
        if (reason != NULL) return bad(a, reason);
    }
    return HTTP_COMPLETE;
}

/* A status without a body ends here whatever the fields say (RFC 9112, 6.3); a server that announces
 * one all the same may yet send it, and it must not become the answer to the next request. */
static http_progress no_body(http_answer *a) {
    if (a->chunked || a->length > 0) a->close = true;
    a->phase = COMPLETE;
    return HTTP_COMPLETE;
}

static http_progress begin_body(http_answer *a) {
    a->body = a->at;
    if (a->status == 204 || a->status == 304) return no_body(a);
    if (a->chunked) a->phase = CHUNK_LINE;
    else if (a->length < 0) a->phase = UNTIL_CLOSE;
    else if ((unsigned long long)a->length > a->max_body) return too_large_body(a);
    else a->phase = BY_LENGTH;
    return HTTP_COMPLETE;
}

/* An interim answer (100 Continue) comes before the real one: only its octets count. With a body of
 * its own (RFC 9112, 6.1 and 6.3 forbid it) nobody could say where the real one begins. */
static http_progress skip_interim(http_answer *a) {
    if (a->status == 101 || ++a->interim > MAX_INTERIM) return bad(a, "an answer nobody asked for");
    if (a->chunked || a->length > 0) return bad(a, "an interim answer has a body");
    a->length = -1;
    a->chunked = a->encoded = a->close = false;
    return HTTP_COMPLETE;
}

static http_progress take_head(http_answer *a, size_t end) {
    slice block = {a->in.data + a->at, end - a->at};
    a->head_total += block.length + 4;
    if (a->head_total > HTTP_MAX_HEAD_BYTES) return too_large_head(a);
    if (!take_status(a, next_line(&block))) return bad(a, "the answer is not HTTP/1.1");
    a->head = (size_t)(block.data - a->in.data);
    a->head_length = block.length;
    http_progress fields = take_fields(a, block);
    if (fields == HTTP_BROKEN) return fields;
    a->at = a->seen = end + 4;
    return a->status < 200 ? skip_interim(a) : begin_body(a);
}

static http_progress read_head(http_answer *a) {
    static const char start[] = "HTTP/";
    size_t have = a->in.length - a->at;
    if (have == 0) return HTTP_MORE;
    if (memcmp(a->in.data + a->at, start, have < 5 ? have : 5) != 0)
        return bad(a, "the answer is not HTTP");
    size_t from = a->seen > a->at + 3 ? a->seen - 3 : a->at;
    const char *end = memmem(a->in.data + from, a->in.length - from, "\r\n\r\n", 4);
    if (end != NULL) return take_head(a, (size_t)(end - a->in.data));
    a->seen = a->in.length;
    return a->head_total + have > HTTP_MAX_HEAD_BYTES ? too_large_head(a) : HTTP_MORE;
}

/* ---- the body ---- */

static http_progress read_by_length(http_answer *a) {
    size_t length = (size_t)a->length;
    if (a->in.length - a->body < length) return HTTP_MORE;
    a->body_length = length;
    a->at = a->body + length;
    a->phase = COMPLETE;
    return HTTP_COMPLETE;
}

static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A line that must end within `limit` octets. NULL: it has not ended yet, or too late. Half of its
 * end may have come already. */
static const char *end_of_line(const http_answer *a, size_t limit, bool *late) {
    size_t have = a->in.length - a->at;
    const char *end = memmem(a->in.data + a->at, have, "\r\n", 2);
    *late = end == NULL ? have > limit + 1 : (size_t)(end - a->in.data) - a->at > limit;
    return *late ? NULL : end;
}

/* "1a", with spaces or an extension behind it that says nothing to us. False: malformed. */
static bool cut_chunk_line(slice line, size_t *size, size_t *extension) {
    size_t n = 0;
    for (*size = 0; n < line.length && hex(line.data[n]) >= 0; n++) {
        if (n == 12) return false;
        *size = *size * 16 + (size_t)hex(line.data[n]);
    }
    slice rest = {line.data + n, line.length - n}, words = strip(rest);
    *extension = rest.length;
    return n > 0 && (words.length == 0 || *words.data == ';') && !has_control(rest);
}

static http_progress read_chunk_line(http_answer *a) {
    bool late;
    const char *line = a->in.data + a->at, *end = end_of_line(a, MAX_CHUNK_LINE, &late);
    size_t size, extension;
    if (!late && end == NULL) return HTTP_MORE;
    if (late || !cut_chunk_line((slice){line, (size_t)(end - line)}, &size, &extension))
        return bad(a, "a chunk of the answer is malformed");
    a->head_total += extension; /* else a small body could drag any amount of them along */
    if (a->head_total > HTTP_MAX_HEAD_BYTES) return too_large_head(a);
    if (size > a->max_body - a->body_length) return too_large_body(a);
    a->at = (size_t)(end - a->in.data) + 2;
    a->left = size;
    a->phase = size > 0 ? CHUNK : TRAILERS;
    return HTTP_COMPLETE;
}

/* Moves what has come of the chunk to the body before it. */
static http_progress read_chunk(http_answer *a) {
    size_t have = a->in.length - a->at, n = have < a->left ? have : a->left;
    memmove(a->in.data + a->body + a->body_length, a->in.data + a->at, n);
    a->body_length += n;
    a->left -= n;
    a->at += n;
    if (a->left > 0) return HTTP_MORE;
    a->phase = CHUNK_END;
    return HTTP_COMPLETE;
}

static http_progress read_chunk_end(http_answer *a) {
    size_t have = a->in.length - a->at;
    if (memcmp(a->in.data + a->at, "\r\n", have < 2 ? have : 2) != 0)
        return bad(a, "a chunk of the answer is malformed");
    if (have < 2) return HTTP_MORE;
    a->at += 2;
    a->phase = CHUNK_LINE;
    return HTTP_COMPLETE;
}

static http_progress read_trailers(http_answer *a) {
    bool late;
    slice name, value;
    const char *line = a->in.data + a->at, *end = end_of_line(a, MAX_TRAILERS, &late);
    if (late) return too_large_head(a);
    if (end == NULL) return HTTP_MORE;
    size_t length = (size_t)(end - line);
    a->at += length + 2;
    a->head_total += length + 2;
    if (a->head_total > HTTP_MAX_HEAD_BYTES) return too_large_head(a);
    if (length == 0) a->phase = COMPLETE;
    else if (!cut_field((slice){line, length}, &name, &value))
        return bad(a, "a trailer of the answer is malformed");
    return HTTP_COMPLETE;
}

static http_progress read_until_close(http_answer *a) {
    a->at = a->in.length;
    a->body_length = a->at - a->body;
    a->close = true;
    return a->body_length > a->max_body ? too_large_body(a) : HTTP_MORE;
}

/* Gives the room between the decoded body and what was not used yet back. */
static void close_gap(http_answer *a) {
    size_t to = a->body + a->body_length, rest = a->in.length - a->at;
    if (a->phase < CHUNK_LINE || a->phase > TRAILERS || to == a->at) return;
    memmove(a->in.data + to, a->in.data + a->at, rest);
    memset(a->in.data + to + rest, 0, a->in.length - to - rest);
    a->in.length = to + rest;
    a->at = to;
}

static http_progress step(http_answer *a) {
    switch (a->phase) {
    case HEAD: return read_head(a);
    case BY_LENGTH: return read_by_length(a);
    case CHUNK_LINE: return read_chunk_line(a);
    case CHUNK: return read_chunk(a);
    case CHUNK_END: return read_chunk_end(a);
    case TRAILERS: return read_trailers(a);
    default: return read_until_close(a);
    }
}

http_progress http_answer_read(http_answer *a) {
    while (a->phase != COMPLETE) {
        http_progress progress = step(a);
        if (progress == HTTP_MORE) close_gap(a);
        if (progress != HTTP_COMPLETE) return progress;
    }
    if (a->at < a->in.length) return bad(a, "more follows the answer than was asked for");
    a->reusable = !a->close;
    return HTTP_COMPLETE;
}

http_progress http_answer_end(http_answer *a) {
    if (a->phase == UNTIL_CLOSE) {
        a->phase = COMPLETE;
        return HTTP_COMPLETE;
    }
    return broken(a, HTTP_NETWORK, a->in.length == 0 ? "the connection was closed without an answer"
                                                     : "the connection was closed within the answer");
}

size_t http_answer_room(const http_answer *a) {
    if (a->phase != BY_LENGTH) return ROOM;
    size_t left = (size_t)a->length - (a->in.length - a->body);
    return left > ROOM ? left : ROOM;
}
