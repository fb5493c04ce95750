/* The reader of answers: every text is read whole, octet by octet and in uneven pieces, with the same outcome. */
#include "t.h"
#include "../http/answer.h"

enum { MAX_BODY = 1000 };

static http_progress feed(http_answer *a, const char *text, size_t length, size_t piece, bool closed) {
    http_progress progress = HTTP_MORE;
    http_answer_begin(a, MAX_BODY);
    for (size_t at = 0; at < length && progress == HTTP_MORE; at += piece) {
        size_t n = length - at < piece ? length - at : piece;
        CHECK(http_bytes_add(&a->in, text + at, n));
        progress = http_answer_read(a);
    }
    return progress == HTTP_MORE && closed ? http_answer_end(a) : progress;
}

static bool is(const http_answer *a, size_t at, size_t length, const char *wanted) {
    return length == strlen(wanted) && memcmp(a->in.data + at, wanted, length) == 0;
}

static void reads(const char *text, int status, const char *head, const char *body, bool reusable) {
    static const size_t pieces[] = {100000, 1, 2, 3, 7};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        http_answer a = {.in = {NULL, 0, 0}};
        CHECK(feed(&a, text, strlen(text), pieces[i], true) == HTTP_COMPLETE);
        CHECK(a.status == status);
        CHECK(is(&a, a.head, a.head_length, head));
        CHECK(is(&a, a.body, a.body_length, body));
        if (i == 0) CHECK(a.reusable == reusable);
        http_bytes_free(&a.in);
    }
}

/* What came with an answer and is no part of it spoils it; what comes later is another's business. */
static void surplus(void) {
    static const char one[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", two[] = "HTTP/1.1 200 OK\r\n";
    static const char chunked[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    char both[200];
    http_answer a = {.in = {NULL, 0, 0}};
    snprintf(both, sizeof both, "%s%s", one, two);
    CHECK(feed(&a, both, strlen(both), sizeof both, false) == HTTP_BROKEN && a.kind == HTTP_BAD_RESPONSE);
    CHECK(a.status == 200);
    CHECK(feed(&a, both, strlen(both), strlen(one), false) == HTTP_COMPLETE && a.reusable);
    snprintf(both, sizeof both, "%s%s", chunked, two);
    CHECK(feed(&a, both, strlen(both), sizeof both, false) == HTTP_BROKEN && a.kind == HTTP_BAD_RESPONSE);
    http_bytes_free(&a.in);
}

static void breaks_text(const char *text, size_t length, http_kind kind) {
    static const size_t pieces[] = {1000000, 1, 5};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        http_answer a = {.in = {NULL, 0, 0}};
        bool broken = feed(&a, text, length, pieces[i], true) == HTTP_BROKEN;
        if (!broken || a.kind != kind) printf("%.60s: %d\n", text, broken ? (int)a.kind : -1);
        CHECK(broken && a.kind == kind && a.reason != NULL);
        http_bytes_free(&a.in);
    }
}

static void breaks(const char *text, http_kind kind) {
    breaks_text(text, strlen(text), kind);
}

static void sound(void) {
    reads("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, "Content-Length: 2", "{}", true);
    reads("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, "Content-Length: 0", "", true);
    reads("HTTP/1.1 200 \r\ncontent-length:2\r\ncontent-length:\t2 \r\n\r\n{}", 200,
          "content-length:2\r\ncontent-length:\t2 ", "{}", true);
    reads("HTTP/1.1 204 No Content\r\nA: b\r\n\r\n", 204, "A: b", "", true);
    reads("HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n", 304, "Content-Length: 0", "", true);
    reads("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "Content-Length: 5", "", false);
    reads("HTTP/1.1 204 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 204, "Transfer-Encoding: chunked", "", false);
    reads("HTTP/1.1 404 \xff\r\nContent-Length: 1\r\nConnection: x, Close\r\n\r\n1", 404,
          "Content-Length: 1\r\nConnection: x, Close", "1", false);
    reads("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n1", 200, "Content-Length: 1", "1", false);
    reads("HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, "", "until the end", false);
    reads("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nX: y\r\n\r\n"
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1",
          200, "Content-Length: 1", "1", true);
}

static void chunked(void) {
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
    reads(CHUNKED "0\r\n\r\n", 200, "Transfer-Encoding: Chunked", "", true);
    reads(CHUNKED "1;a=b\r\n{\r\n0001 \r\n}\r\n0;x\r\nA: b\r\nC:\r\n\r\n", 200, "Transfer-Encoding: Chunked", "{}",
          true);
    reads(CHUNKED "a\r\n0123456789\r\nA\r\nabcdefghij\r\n0\r\n\r\n", 200, "Transfer-Encoding: Chunked",
          "0123456789abcdefghij", true);
    breaks(CHUNKED "\r\n{}\r\n0\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks(CHUNKED "2\n{}\r\n0\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks(CHUNKED "-2\r\n{}\r\n0\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks(CHUNKED "2\r\n{}}\r\n0\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks(CHUNKED "1000000000000\r\n", HTTP_BAD_RESPONSE);
    breaks(CHUNKED "2;a\nb\r\n{}\r\n0\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks(CHUNKED "2;a\rb\r\n{}\r\n0\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks(CHUNKED "2 2\r\n{}\r\n0\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks(CHUNKED "3e9\r\n", HTTP_TOO_LARGE);
    breaks(CHUNKED "0\r\nno field\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks(CHUNKED "2\r\n{}\r\n", HTTP_NETWORK);
    breaks(CHUNKED "2\r\n{", HTTP_NETWORK);
    breaks(CHUNKED "0\r\n", HTTP_NETWORK);
}

static void malformed(void) {
    breaks("", HTTP_NETWORK);
    breaks("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", HTTP_NETWORK);
    breaks("SSH-2.0-x\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("http/1.1 200 OK\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/2 200\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.2 200 OK\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 2000 OK\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1  200 OK\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 099 OK\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 101 Switching\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\n{}", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\rContent-Length: 2\r\n\r\n{}", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nHTTP/1.1 204 OK\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\r\n folded\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\r\n: b\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks_text("HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", 25, HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\n{}", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n{}", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n", HTTP_TOO_LARGE);
    breaks("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551618\r\n\r\n{}", HTTP_TOO_LARGE);
    breaks("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999x\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_BAD_RESPONSE);
    breaks("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n", HTTP_BAD_RESPONSE);
}

static char *repeat(const char *before, const char *unit, size_t times, const char *after) {
    char *text = malloc(strlen(before) + strlen(unit) * times + strlen(after) + 1), *end = text;
    if (text == NULL) abort();
    end += sprintf(end, "%s", before);
    while (times-- > 0) end += sprintf(end, "%s", unit);
    sprintf(end, "%s", after);
    return text;
}

static void completes(const char *text, size_t piece) {
    http_answer a = {.in = {NULL, 0, 0}};
    CHECK(feed(&a, text, strlen(text), piece, true) == HTTP_COMPLETE);
    http_bytes_free(&a.in);
}

static void limit(const char *before, const char *unit, size_t times, const char *after, http_kind kind) {
    char *text = repeat(before, unit, times, after);
    if (kind != HTTP_OK) breaks(text, kind);
    else completes(text, 1000000), completes(text, 1);
    free(text);
}

static void limits(void) {
    limit("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "x", 1000, "", HTTP_OK);
    limit("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", "x", 1001, "", HTTP_TOO_LARGE);
    limit("HTTP/1.1 200 OK\r\n\r\n", "x", 1000, "", HTTP_OK);
    limit("HTTP/1.1 200 OK\r\n\r\n", "x", 1001, "", HTTP_TOO_LARGE);
    limit("HTTP/1.1 204 OK\r\n", "A: b\r\n", 256, "\r\n", HTTP_OK);
    limit("HTTP/1.1 204 OK\r\n", "A: b\r\n", 257, "\r\n", HTTP_TOO_LARGE);
    limit("HTTP/1.1 204 OK\r\nA: ", "x", 65000, "\r\n\r\n", HTTP_OK);
    limit("HTTP/1.1 204 OK\r\nA: ", "x", 65536, "\r\n\r\n", HTTP_TOO_LARGE);
    limit("HTTP/1.1 200 OK\r\nA: ", "x", 70000, "", HTTP_TOO_LARGE);
    limit("", "HTTP/1.1 100 Continue\r\n\r\n", 16, "HTTP/1.1 204 OK\r\n\r\n", HTTP_OK);
    limit("", "HTTP/1.1 100 Continue\r\n\r\n", 17, "HTTP/1.1 204 OK\r\n\r\n", HTTP_BAD_RESPONSE);
    limit(CHUNKED, "1\r\nx\r\n", 1000, "0\r\n\r\n", HTTP_OK);
    limit(CHUNKED, "1\r\nx\r\n", 1001, "0\r\n\r\n", HTTP_TOO_LARGE);
    limit(CHUNKED "1;", "x", 1022, "\r\nx\r\n0\r\n\r\n", HTTP_OK);
    limit(CHUNKED "1;", "x", 1023, "\r\nx\r\n0\r\n\r\n", HTTP_BAD_RESPONSE);
    limit(CHUNKED, "1;23456789012345678901234567890123456789012345678901234567890123456789\r\nx\r\n", 999,
          "0\r\n\r\n", HTTP_TOO_LARGE);
    limit(CHUNKED "0\r\n", "A: b\r\n", 20000, "\r\n", HTTP_TOO_LARGE);
}

int main(void) {
    sound();
    surplus();
    chunked();
    malformed();
    limits();
    return T_END();
}
