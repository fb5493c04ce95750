/* What the files of csrc/http share among themselves. */
#ifndef COGNITO_HTTP_IMPL_H
#define COGNITO_HTTP_IMPL_H

/* Include this file first: it asks the C library for more than ISO C. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "http.h"
#include "answer.h"

#include <curl/curl.h>
#include <sys/types.h>

#if LIBCURL_VERSION_NUM < 0x075500
#error "lua-cognito needs libcurl 7.85 or newer"
#endif

/* ---- trust: a store of root certificates, read once and shared ---- */

typedef struct http_trust http_trust;

/* NULL with *message when the file or folder cannot be used. */
http_trust *http_trust_new(const char *ca_file, const char *ca_path, const char **message);
bool http_trust_equal(const http_trust *trust, const char *ca_file, const char *ca_path);
bool http_trust_apply(http_trust *trust, CURL *easy);
void http_trust_free(http_trust *trust);

/* ---- links: one connection each, made by libcurl and then used by us ---- */

typedef struct http_pool http_pool;
typedef struct http_link http_link;

struct http_link {
    CURL *easy;
    CURLM *multi; /* its own, so that libcurl finds the connection at once */
    http_pool *pool;
    http_transfer *transfer; /* whose it is now, or NULL */
    http_link *next;         /* in the pool's list of idle ones, or the crowd's of connecting ones */
    char *origin;            /* "https://host:port" */
    bool plain;              /* no TLS, and a loopback address alone */
    bool connected, used, refused;
    int fd;
    double born, rested;
    double due; /* while it connects: when libcurl wants to be called, negative: never */
    char error[CURL_ERROR_SIZE];
};

/* Begins to connect. NULL: out of memory. */
http_link *http_link_open(http_pool *pool, const char *origin, bool plain, double seconds);
void http_link_close(http_link *link);
/* Lets libcurl go on with the connection. True: it has an outcome, which goes to *code. */
bool http_link_connect(http_link *link, int fd, int mask, CURLcode *code);
/* True when the server has said nothing since the last answer, and is there. */
bool http_link_is_sound(const http_link *link, double now);

enum { HTTP_IO_AGAIN = -1, HTTP_IO_FAILED = -2 };
/* Octets sent or received, 0: the end, or one of the above. */
ssize_t http_link_send(http_link *link, const char *data, size_t length);
ssize_t http_link_receive(http_link *link, char *data, size_t size);

/* ---- pools: links with the same settings ---- */

struct http_pool {
    http_crowd *crowd;
    http_trust *trust; /* the crowd's */
    char *proxy;
    CURLSH *share; /* TLS sessions and addresses */
    http_link *idle;
    int idle_links, busy_links;
    http_transfer *spare; /* transfers that nobody uses */
    int spare_count;
    http_transfer *waiting, **waiting_end; /* for a link */
};

http_pool *http_pool_new(http_crowd *crowd, http_trust *trust, const char *proxy);
void http_pool_free(http_pool *pool);
/* Gives the transfer an idle link or a new one, or lets it wait for one. False: out of memory. */
bool http_pool_assign(http_transfer *t);
/* Takes the link from its transfer; it is kept if it may be used again. */
void http_pool_release(http_link *link, bool reusable);
void http_pool_remove_waiting(http_transfer *t);
void http_pool_drop_idle(http_link *link);

/* ---- watches: the descriptors that are waited for, behind one of ours ---- */

typedef struct {
    http_link *link;
    unsigned want, have; /* what is to be heard of it, what the kernel was told */
    bool queued;
} http_watch;

typedef struct {
    int epoll, alarm;
    http_watch *list; /* by descriptor */
    int count;
    int *changed; /* descriptors whose want and have may differ */
    int changed_count, changed_size;
    bool shared; /* somebody else waits for `epoll` */
} http_watches;

bool http_watches_open(http_watches *watches);
void http_watches_close(http_watches *watches);
void http_watches_free(http_watches *watches);
/* `what` is one of CURL_POLL_*. `lasting`: http_watches_forget will announce the end of the
 * descriptor; until then the kernel may go on watching it. */
bool http_watches_want(http_watches *watches, http_link *link, int fd, int what, bool lasting);
void http_watches_forget(http_watches *watches, int fd);
enum { HTTP_EVENTS = 64 }; /* that one wait takes */
/* Waits for events and hands them to http_crowd_event. Negative: no limit. *now becomes the time
 * when the wait ended. */
void http_watches_wait(http_watches *watches, int milliseconds, double *now);
/* Before control goes back to the caller: who waits for `epoll` elsewhere must not miss a change. */
void http_watches_settle(http_watches *watches);
/* The descriptor, for somebody who waits for it elsewhere. */
int http_watches_share(http_watches *watches);
bool http_watches_alarm(http_watches *watches, double seconds);

/* ---- transfers ---- */

typedef enum { HTTP_IDLE, HTTP_PREPARED, HTTP_RUNS, HTTP_DONE } http_state;

struct http_transfer {
    http_pool *pool;
    http_link *link;     /* NULL while it waits for one */
    http_transfer *next; /* among the spare, waiting or done ones */
    http_transfer *after, **before; /* among the running ones */
    int id;
    http_state state;
    /* the last URL and what it was cut into */
    char *url, *origin, *host, *path;
    bool plain;
    http_bytes fields;  /* header lines of the caller */
    http_bytes request; /* as it goes over the wire */
    size_t sent;
    bool minting;
    double deadline;
    int tries;
    http_answer answer;
    http_result result;
    char message[256];
};

http_transfer *http_transfer_new(http_pool *pool, int id);
void http_transfer_free(http_transfer *t);
/* Wipes what went through. */
void http_transfer_reset(http_transfer *t);
bool http_transfer_add_field(http_transfer *t, const char *text, size_t length);
/* Composes the request. False: refused, with t->result filled. */
bool http_transfer_compose(http_transfer *t, const http_request *request);

/* Sends what can be sent now. False: it failed. */
bool http_transfer_send(http_transfer *t);
/* Exchanges what can be exchanged now on the transfer's link. False: it has ended, with its result
 * filled, or it is to be tried on another link: http_transfer_again says so. */
bool http_transfer_exchange(http_transfer *t, bool *reusable);
bool http_transfer_again(const http_transfer *t);
/* What to wait for on the link, as CURL_POLL_*. */
int http_transfer_wants(const http_transfer *t);

void http_transfer_fail(http_transfer *t, http_kind kind, const char *message);
/* Libcurl could not connect. */
void http_transfer_judge(http_transfer *t, CURLcode code);

/* ---- crowd ---- */

struct http_crowd {
    pid_t pid;
    const volatile char *mine; /* not zero in the process that made the crowd; or NULL */
    double now;                /* when it last began to work, or had waited */
    int running;
    http_watches watches;
    /* lists that one function grows: http_pool by number, http_trust, http_transfer by id - 1;
     * holes are NULL */
    void **pools;
    int pool_count;
    void **trusts;
    int trust_count;
    void **transfers;
    int transfer_count;
    http_transfer *active; /* those that run */
    double soonest;        /* no deadline of theirs is before it */
    http_transfer *done, **done_end;
    http_link *connecting;
};

http_watches *http_crowd_watches(http_crowd *crowd);
void http_crowd_activate(http_transfer *t);
void http_crowd_deactivate(http_transfer *t);
/* Takes a running transfer off its connection, which nobody can use after it. */
void http_crowd_halt(http_transfer *t);
/* Something happened on a descriptor of the link. */
void http_crowd_event(http_link *link, int fd, int mask);
/* The transfer has a link that is connected. */
void http_crowd_go(http_transfer *t);
void http_crowd_add_connecting(http_link *link);
void http_crowd_remove_connecting(http_link *link);

#endif
