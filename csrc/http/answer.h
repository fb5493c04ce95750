/*
 * Reads one HTTP/1.1 answer (RFC 9112), strictly and within limits. Pure: the caller puts octets
 * behind answer.in and calls http_answer_read. No libcurl, no descriptors.
 */
#ifndef COGNITO_HTTP_ANSWER_H
#define COGNITO_HTTP_ANSWER_H

#include "bytes.h"
#include "http.h"

typedef enum { HTTP_MORE, HTTP_COMPLETE, HTTP_BROKEN } http_progress;

typedef struct {
    http_bytes in; /* what was received; the body is decoded in place */
    size_t max_body;
    /* the answer, once it is complete; offsets in `in` */
    int status;
    size_t head, head_length, body, body_length;
    bool encoded;  /* a coding of the content that was not asked for */
    bool reusable; /* the connection does not end by the server's will */
    /* when it is broken */
    http_kind kind;
    const char *reason;
    /* the reader's own */
    int phase;
    size_t at;         /* the first octet that was not used yet */
    size_t seen;       /* up to here there is no end of the header */
    size_t head_total; /* octets of headers so far, interim ones included */
    int interim;
    long long length;
    size_t left; /* of the chunk */
    bool chunked, close, old; /* old: HTTP/1.0 */
} http_answer;

/* Keeps the memory and forgets the rest. */
void http_answer_begin(http_answer *answer, size_t max_body);

/* Uses what is there. HTTP_BROKEN: kind and reason are set. */
http_progress http_answer_read(http_answer *answer);

/* The connection has ended. */
http_progress http_answer_end(http_answer *answer);

/* How many octets it is worth to make room for before the next call. */
size_t http_answer_room(const http_answer *answer);

#endif
