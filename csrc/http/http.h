/*
 * HTTPS transfers over libcurl. No Lua in here.
 *
 * A crowd is everything one thread does at a time: transfers, known by small integer ids, and the
 * pools of kept connections they run on. Nothing in it ever blocks but http_wait (and http_run,
 * which is a loop over it), and the descriptor of http_pollfd is readable whenever http_wait has
 * something to do before its timeout.
 *
 * Life of a transfer:
 *   http_checkout -> http_field ... -> http_start -> (http_wait, http_next | http_run) -> http_recycle
 * It may be given back with http_recycle at any moment in between: a running transfer is then cut
 * off and its connection closed. What passed through it is wiped when it is given back.
 *
 * What no setting changes: TLS 1.2 or newer with peer and host name verified; plain http only to a
 * loopback address; HTTP/1.1; no redirect is followed; no cookies, no netrc, no compression, no
 * proxy from the environment; a request marked `minting` is put on the wire at most once; a kept
 * connection on which the server said something unasked is never used again.
 *
 * A crowd belongs to the process that made it. After a fork the child may only close it, which
 * then leaves libcurl's handles alone and closes nothing but the crowd's own descriptors.
 */
#ifndef COGNITO_HTTP_H
#define COGNITO_HTTP_H

#include <stdbool.h>
#include <stddef.h>

typedef struct http_crowd http_crowd;
typedef struct http_transfer http_transfer;

/* How a transfer ended. The names that Lua sees are in http_kind_name. */
typedef enum {
    HTTP_OK = 0,
    HTTP_CONFIG,
    HTTP_DNS,
    HTTP_CONNECT,
    HTTP_TLS,
    HTTP_TIMEOUT,
    HTTP_NETWORK,
    HTTP_BAD_RESPONSE,
    HTTP_TOO_LARGE
} http_kind;

const char *http_kind_name(http_kind kind);

/* Limits of an answer. The body's comes with each request. */
enum {
    HTTP_MAX_HEAD_LINES = 256,
    HTTP_MAX_HEAD_BYTES = 64 * 1024,
    HTTP_MAX_FIELDS = 64,
    HTTP_MAX_FIELD_BYTES = 64 * 1024
};

/* What the connections of one pool have in common. NULL: the system's roots, no proxy. */
typedef struct {
    const char *ca_file;
    const char *ca_path;
    const char *proxy;
} http_settings;

typedef struct {
    const char *method; /* "GET" or "POST" */
    const char *url;
    const char *body; /* copied */
    size_t body_length;
    double deadline; /* of the whole transfer, by http_clock */
    size_t max_body;
    bool minting;
} http_request;

/* The pointers stay valid until the transfer is given back. */
typedef struct {
    http_kind kind;
    long status;
    const char *head; /* header lines with CRLF between them, without the status line */
    size_t head_length;
    const char *body;
    size_t body_length;
    const char *message; /* one line without secrets; NULL when kind is HTTP_OK */
    bool maybe_processed;
    bool retryable;
} http_result;

/* Seconds, by the clock that goes on while the machine sleeps. */
double http_clock(void);

/* NULL: out of memory or descriptors. */
http_crowd *http_crowd_new(void);

/* Ends all transfers, closes all connections, frees. In a forked child see above. */
void http_crowd_close(http_crowd *crowd);

/* True in a process that inherited the crowd by a fork. */
bool http_crowd_foreign(const http_crowd *crowd);

/* Makes a pool; its number goes to *pool. HTTP_CONFIG: *message says what is wrong with the
 * settings. */
http_kind http_pool_open(http_crowd *crowd, const http_settings *settings, int *pool,
                         const char **message);

/* Closes the pool's connections. False: transfers of it are checked out, and nothing was done. */
bool http_pool_close(http_crowd *crowd, int pool);

/* A transfer of the pool, or NULL: no such pool, or out of memory. */
http_transfer *http_checkout(http_crowd *crowd, int pool);

/* One more header field of the request, "Name: value". False: too many, too long or with a control
 * character in it. */
bool http_field(http_transfer *transfer, const char *text, size_t length);

/* False: refused, and http_outcome says why. */
bool http_start(http_transfer *transfer, const http_request *request);

int http_id(const http_transfer *transfer);

/* The transfer of that id that is checked out, or NULL. */
http_transfer *http_find(http_crowd *crowd, int id);

/* Works until something has finished or `seconds` have passed (negative: no limit). */
void http_wait(http_crowd *crowd, double seconds);

/* Works until this transfer has finished. */
void http_run(http_transfer *transfer);

/* Takes a finished transfer off the list, or NULL. */
http_transfer *http_next(http_crowd *crowd);

void http_outcome(const http_transfer *transfer, http_result *result);

/* True once a byte of the request may have left. */
bool http_was_sent(const http_transfer *transfer);

void http_recycle(http_transfer *transfer);

/* Seconds until http_wait must be called even if the descriptor stays silent; negative: never. */
double http_timeout(const http_crowd *crowd);

/* The descriptor. Once it was asked for, each call here tells the kernel what to wait for before it ends. */
int http_pollfd(http_crowd *crowd);

/* Lets the descriptor become readable after `seconds` (negative: not any more), for a caller that
 * can wait on nothing else. False: the system has no timer to give. */
bool http_alarm(http_crowd *crowd, double seconds);

/* How many transfers run. */
int http_running(const http_crowd *crowd);

#endif
