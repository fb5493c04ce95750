/* An answer from a hostile server, read whole, in pieces and octet by octet: the same outcome, within the limits, no
 * octet behind the last received one looked at. What follows an answer never changes it, and never leaves the
 * connection usable. The first octet of the input chooses the size of the pieces and the limit of the body. */
#include "../http/answer.h"
#include "fuzz.h"

#include <stdint.h>

#ifdef __has_feature /* clang's way to say it; gcc defines the name itself */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, n) ((void)(at), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(at, n) ((void)(at), (void)(n))
#endif

enum { LONGEST_BY_OCTETS = 700 };

static const size_t limits[] = {5000, 1000, 17, 0};

typedef struct {
    http_answer answer;
    http_progress progress;
    size_t used; /* octets that were given to the reader */
} reading;

/* These keep their memory from one input to the next. */
static reading whole, cut, single, again;

static void set_length(http_bytes *in, size_t length) {
    ASAN_UNPOISON_MEMORY_REGION(in->data, length);
    ASAN_POISON_MEMORY_REGION(in->data + length, in->size - length);
    in->length = length;
}

static void add(http_bytes *in, const char *text, size_t n) {
    ASAN_UNPOISON_MEMORY_REGION(in->data + in->length, n);
    memcpy(in->data + in->length, text, n);
    in->length += n;
}

/* The reader gives room back when it decodes in place: that is closed to it again. */
static void give(reading *r, const char *text, size_t n) {
    http_bytes *in = &r->answer.in;
    size_t room = http_answer_room(&r->answer);
    if (room < n) room = n;
    if (in->size - in->length < room) {
        ASAN_UNPOISON_MEMORY_REGION(in->data, in->size);
        REQUIRE(http_bytes_reserve(in, room));
        set_length(in, in->length);
    }
    add(in, text, n);
    size_t before = in->length;
    r->progress = http_answer_read(&r->answer);
    REQUIRE(in->length <= before);
    ASAN_POISON_MEMORY_REGION(in->data + in->length, before - in->length);
    r->used += n;
}

static void feed(reading *r, const char *text, size_t length, size_t piece, size_t max_body) {
    http_bytes *in = &r->answer.in;
    if (in->data != NULL) ASAN_UNPOISON_MEMORY_REGION(in->data, in->size);
    http_answer_begin(&r->answer, max_body);
    if (in->data != NULL) set_length(in, 0);
    r->progress = HTTP_MORE;
    r->used = 0;
    while (r->used < length && r->progress == HTTP_MORE)
        give(r, text + r->used, length - r->used < piece ? length - r->used : piece);
    if (r->progress == HTTP_MORE) r->progress = http_answer_end(&r->answer);
}

static void check(const reading *r, size_t max_body) {
    const http_answer *a = &r->answer;
    REQUIRE(r->progress != HTTP_MORE);
    if (r->progress == HTTP_BROKEN) {
        REQUIRE(a->kind == HTTP_BAD_RESPONSE || a->kind == HTTP_TOO_LARGE || a->kind == HTTP_NETWORK);
        REQUIRE(a->reason != NULL);
        return;
    }
    REQUIRE(a->body_length <= max_body && a->body + a->body_length <= a->in.length);
    REQUIRE(a->head + a->head_length <= a->in.length && a->head_length <= HTTP_MAX_HEAD_BYTES);
    REQUIRE(a->status >= 200 && a->status <= 999);
    for (size_t i = 0; i < a->head_length; i++) /* a line is what everybody takes for one */
        if (a->in.data[a->head + i] == '\n') REQUIRE(i > 0 && a->in.data[a->head + i - 1] == '\r');
}

/* More came with the answer; who reads in smaller pieces may not have seen it. */
static bool has_surplus(const reading *r) {
    return r->progress == HTTP_BROKEN && strncmp(r->answer.reason, "more follows", 12) == 0;
}

static void compare(const reading *x, const reading *y) {
    const http_answer *a = &x->answer, *b = &y->answer;
    if (has_surplus(x) || has_surplus(y)) return;
    REQUIRE(x->progress == y->progress);
    if (x->progress == HTTP_BROKEN) {
        REQUIRE(a->kind == b->kind);
        return;
    }
    REQUIRE(a->status == b->status && a->encoded == b->encoded);
    REQUIRE(a->head_length == b->head_length && a->body_length == b->body_length);
    REQUIRE(memcmp(a->in.data + a->head, b->in.data + b->head, a->head_length) == 0);
    REQUIRE(a->body_length == 0 || memcmp(a->in.data + a->body, b->in.data + b->body, a->body_length) == 0);
    REQUIRE(a->reusable == b->reusable);
}

/* Octet by octet nothing is received beyond the answer, so that its length is known. */
static void compare_exactly(const char *text, size_t length, size_t max_body) {
    feed(&single, text, length, 1, max_body);
    check(&single, max_body);
    compare(&whole, &single);
    if (single.progress != HTTP_COMPLETE) return;
    REQUIRE(has_surplus(&whole) == (single.used < length));
    feed(&again, text, single.used, length, max_body);
    compare(&again, &single);
    REQUIRE(again.answer.reusable == single.answer.reusable);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    const char *text = (const char *)data + 1;
    size_t length = size - 1, max_body = limits[data[0] / 64];
    feed(&whole, text, length, size, max_body);
    check(&whole, max_body);
    feed(&cut, text, length, data[0] % 64u + 2, max_body);
    check(&cut, max_body);
    compare(&whole, &cut);
    if (length <= LONGEST_BY_OCTETS) compare_exactly(text, length, max_body);
    return 0;
}
