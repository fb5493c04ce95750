/* What the files of csrc/http share among themselves. */
#ifndef COGNITO_HTTP_IMPL_H
#define COGNITO_HTTP_IMPL_H

/* Include this file first: it asks the C library for more than ISO C. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "http.h"

#include <curl/curl.h>
#include <sys/types.h>

#if LIBCURL_VERSION_NUM < 0x075500
#error "lua-cognito needs libcurl 7.85 or newer"
#endif

/* ---- bytes: a growable array with a cap, wiped when it is emptied ---- */

typedef struct {
    char *data;
    size_t length;
    size_t size;
} http_bytes;

/* False: over `cap`, or out of memory; nothing was appended. */
bool http_bytes_add(http_bytes *bytes, const char *data, size_t length, size_t cap);
void http_bytes_clear(http_bytes *bytes);
void http_bytes_free(http_bytes *bytes);

/* ---- fields: the request's header lines as the list that libcurl reads ---- */

/* The list is kept from one request to the next: equal lines cost a comparison and nothing else. */
typedef struct {
    struct curl_slist node[HTTP_MAX_FIELDS + 1];
    size_t start[HTTP_MAX_FIELDS + 1]; /* offset of each line in text; one more for the end */
    http_bytes text;
    int count;  /* lines of the list as libcurl has it */
    int cursor; /* lines given so far for the coming request */
    bool changed;
    bool secret;
} http_fields;

void http_fields_begin(http_fields *fields);
bool http_fields_add(http_fields *fields, const char *text, size_t length);
/* Closes the list. Returns it when libcurl must be given it anew, else NULL. */
struct curl_slist *http_fields_end(http_fields *fields);
/* Forgets the lines when one of them held credentials. */
void http_fields_done(http_fields *fields);

/* ---- trust: a store of root certificates, read once and shared ---- */

typedef struct http_trust http_trust;

/* NULL with *message when the file or folder cannot be used. */
http_trust *http_trust_new(const char *ca_file, const char *ca_path, const char **message);
bool http_trust_equal(const http_trust *trust, const char *ca_file, const char *ca_path);
bool http_trust_apply(http_trust *trust, CURL *easy);
void http_trust_free(http_trust *trust);

/* ---- pools ---- */

typedef struct {
    int fd;
    int port; /* the local one, 0 until it was asked for */
    bool used;
} http_socket;

typedef struct {
    http_crowd *crowd;
    CURLM *multi;
    http_trust *trust; /* the crowd's */
    char *proxy;
    http_socket *sockets; /* every connection that is open now */
    int socket_count, socket_size;
    http_transfer *idle;
    int idle_count;
    int running;
    double due;   /* when libcurl wants to be called, negative: never */
    bool touched; /* libcurl ran since the messages were read */
} http_pool;

http_pool *http_pool_new(http_crowd *crowd, http_trust *trust, const char *proxy);
void http_pool_free(http_pool *pool);
void http_pool_timer_fired(http_pool *pool, double now);

/* Socket callbacks of libcurl; `t` is the transfer for which a connection is made. */
curl_socket_t http_socket_open(void *t, curlsocktype purpose, struct curl_sockaddr *address);
int http_socket_close(void *pool, curl_socket_t fd);

/* Says whether the connection with this local port was used before and has something to read,
 * which on a connection at rest is either its end or an answer nobody asked for. */
bool http_socket_spoilt(http_pool *pool, int local_port);

/* ---- watches: the descriptors that libcurl waits for, behind one of ours ---- */

typedef struct {
    http_pool *pool;
    unsigned want, have; /* what libcurl wants to hear of it, what the kernel was told */
    bool queued;
} http_watch;

typedef struct {
    int epoll, alarm;
    http_watch *list; /* by descriptor */
    int count;
    int *changed; /* descriptors whose want and have may differ */
    int changed_count, changed_size;
} http_watches;

bool http_watches_open(http_watches *watches);
void http_watches_close(http_watches *watches);
void http_watches_free(http_watches *watches);
/* libcurl wants the descriptor watched (CURL_POLL_*). `ours`: it came from http_socket_open, so
 * that its end will be announced by http_watches_forget. */
void http_watches_want(http_watches *watches, http_pool *pool, int fd, int what, bool ours);
void http_watches_forget(http_watches *watches, int fd);
/* Waits for events and hands them to libcurl. Negative: no limit. */
void http_watches_wait(http_watches *watches, int milliseconds);
bool http_watches_alarm(http_watches *watches, double seconds);

/* ---- transfers ---- */

typedef enum { HTTP_IDLE, HTTP_PREPARED, HTTP_RUNS, HTTP_DONE } http_state;

struct http_transfer {
    CURL *easy;
    http_pool *pool;
    http_transfer *next; /* in the pool's list of idle or the crowd's list of done ones */
    int id;
    http_state state;
    /* the request; url and is_post say what libcurl was last told */
    http_fields fields;
    char *url;
    bool is_post, plain;
    http_bytes sent;
    bool minting;
    double deadline;
    /* the answer */
    http_bytes head, body;
    size_t max_body, head_bytes, head_lines;
    long long length; /* Content-Length, negative: none */
    bool chunked, encoded, started, complete;
    /* how it goes */
    int sends;       /* times libcurl was about to write the request */
    int spoilt;      /* kept connections that were found unusable and closed */
    bool spoilt_now; /* ended for that reason: to be started again */
    http_kind kind;  /* set by a callback that ends the transfer */
    const char *reason;
    http_result result;
    char error[CURL_ERROR_SIZE];
};

http_transfer *http_transfer_new(http_pool *pool, int id);
void http_transfer_free(http_transfer *t);
void http_transfer_reset(http_transfer *t);
bool http_transfer_prepare(http_transfer *t, const http_request *request);
/* Between two tries of one transfer. */
bool http_transfer_again(http_transfer *t);
/* Turns libcurl's code and what the callbacks saw into t->result. */
void http_transfer_judge(http_transfer *t, CURLcode code);
void http_transfer_refuse(http_transfer *t, const char *reason);

/* Callbacks that read the answer; they end the transfer when a limit or a rule is broken. */
size_t http_on_head(char *data, size_t size, size_t count, void *t);
size_t http_on_body(char *data, size_t size, size_t count, void *t);

/* ---- crowd ---- */

void http_crowd_watch(http_crowd *crowd, http_pool *pool, int fd, int what, bool ours);
void http_crowd_forget(http_crowd *crowd, int fd);

double http_clock(void);

#endif
