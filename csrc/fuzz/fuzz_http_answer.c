/* An answer from a hostile server, read whole and in pieces: the same outcome, within the limits, inside the buffer.
 * The first octet chooses the size of the pieces. */
#include "../http/answer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_BODY = 5000 };

static http_progress feed(http_answer *a, const char *text, size_t length, size_t piece) {
    http_progress progress = HTTP_MORE;
    http_answer_begin(a, MAX_BODY);
    for (size_t at = 0; at < length && progress == HTTP_MORE; at += piece) {
        size_t n = length - at < piece ? length - at : piece;
        if (!http_bytes_reserve(&a->in, http_answer_room(a)) || !http_bytes_add(&a->in, text + at, n)) abort();
        progress = http_answer_read(a);
    }
    return progress == HTTP_MORE ? http_answer_end(a) : progress;
}

static void check(const http_answer *a) {
    if (a->body_length > MAX_BODY || a->body + a->body_length > a->in.length) abort();
    if (a->head + a->head_length > a->in.length) abort();
    if (a->status < 200 || a->status > 999) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    http_answer whole = {.in = {NULL, 0, 0}}, cut = {.in = {NULL, 0, 0}};
    if (size == 0) return 0;
    const char *text = (const char *)data + 1;
    http_progress first = feed(&whole, text, size - 1, size), second = feed(&cut, text, size - 1, data[0] % 32u + 1);
    if (first != second) abort();
    if (first == HTTP_COMPLETE) {
        check(&whole);
        check(&cut);
        if (whole.body_length != cut.body_length || whole.status != cut.status) abort();
        if (whole.body_length > 0 &&
            memcmp(whole.in.data + whole.body, cut.in.data + cut.body, whole.body_length) != 0)
            abort();
    } else if (whole.kind != cut.kind) {
        abort();
    }
    http_bytes_free(&whole.in);
    http_bytes_free(&cut.in);
    return 0;
}
