#include "impl.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SPARE = 128 };

struct http_crowd {
    pid_t pid;
    int running;
    http_watches watches;
    http_pool **pools; /* by number; holes are NULL */
    int pool_count;
    http_trust **trusts;
    int trust_count;
    http_transfer **transfers; /* by id - 1; holes are NULL */
    int transfer_count;
    http_transfer *active; /* those that run */
    double soonest;        /* no deadline of theirs is before it */
    http_transfer *done, **done_end;
    http_link *connecting;
};

double http_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

http_watches *http_crowd_watches(http_crowd *c) {
    return &c->watches;
}

/* ---- making and closing ---- */

static void end_pool(http_crowd *c, int number);

http_crowd *http_crowd_new(void) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return NULL;
    http_crowd *c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    c->pid = getpid();
    c->done_end = &c->done;
    c->soonest = INFINITY;
    if (http_watches_open(&c->watches)) return c;
    free(c);
    return NULL;
}

bool http_crowd_foreign(const http_crowd *c) {
    return c->pid != getpid();
}

/* In a forked child libcurl's memory may be in any state, and closing a TLS connection would speak
 * on the parent's. */
void http_crowd_close(http_crowd *c) {
    if (http_crowd_foreign(c)) {
        http_watches_close(&c->watches);
        return;
    }
    for (int i = 0; i < c->pool_count; i++)
        if (c->pools[i] != NULL) end_pool(c, i);
    for (int i = 0; i < c->trust_count; i++) http_trust_free(c->trusts[i]);
    http_watches_close(&c->watches);
    free(c->pools);
    free(c->trusts);
    free(c->transfers);
    http_watches_free(&c->watches);
    free(c);
}

/* ---- pools ---- */

/* Grows a list of pointers by one place and returns that place, or -1. */
static int add_place(void ***list, int *count) {
    void **longer = realloc(*list, (size_t)(*count + 1) * sizeof *longer);
    if (longer == NULL) return -1;
    *list = longer;
    longer[*count] = NULL;
    return (*count)++;
}

static int free_place(void **list, int count) {
    for (int i = 0; i < count; i++)
        if (list[i] == NULL) return i;
    return -1;
}

static http_trust *share_trust(http_crowd *c, const http_settings *s, const char **message) {
    for (int i = 0; i < c->trust_count; i++)
        if (http_trust_equal(c->trusts[i], s->ca_file, s->ca_path)) return c->trusts[i];
    http_trust *trust = http_trust_new(s->ca_file, s->ca_path, message);
    if (trust == NULL) return NULL;
    int place = add_place((void ***)&c->trusts, &c->trust_count);
    if (place >= 0) return c->trusts[place] = trust;
    http_trust_free(trust);
    *message = "out of memory";
    return NULL;
}

http_kind http_pool_open(http_crowd *c, const http_settings *settings, int *number,
                         const char **message) {
    http_trust *trust = share_trust(c, settings, message);
    if (trust == NULL) return HTTP_CONFIG;
    *message = "out of memory";
    int place = free_place((void **)c->pools, c->pool_count);
    if (place < 0) place = add_place((void ***)&c->pools, &c->pool_count);
    if (place < 0) return HTTP_CONFIG;
    c->pools[place] = http_pool_new(c, trust, settings->proxy);
    if (c->pools[place] == NULL) return HTTP_CONFIG;
    *number = place;
    return HTTP_OK;
}

static void discard(http_transfer *t) {
    http_crowd *c = t->pool->crowd;
    c->transfers[t->id - 1] = NULL;
    http_transfer_free(t);
}

static void end_pool(http_crowd *c, int number) {
    http_pool *pool = c->pools[number];
    for (int i = 0; i < c->transfer_count; i++)
        if (c->transfers[i] != NULL && c->transfers[i]->pool == pool) http_recycle(c->transfers[i]);
    while (pool->spare != NULL) {
        http_transfer *t = pool->spare;
        pool->spare = t->next;
        discard(t);
    }
    http_pool_free(pool);
    c->pools[number] = NULL;
}

bool http_pool_close(http_crowd *c, int number) {
    if (number < 0 || number >= c->pool_count || c->pools[number] == NULL) return true;
    for (int i = 0; i < c->transfer_count; i++) {
        const http_transfer *t = c->transfers[i];
        if (t != NULL && t->pool == c->pools[number] && t->state != HTTP_IDLE) return false;
    }
    end_pool(c, number);
    return true;
}

/* ---- transfers ---- */

static http_transfer *new_transfer(http_crowd *c, http_pool *pool) {
    int place = free_place((void **)c->transfers, c->transfer_count);
    if (place < 0) place = add_place((void ***)&c->transfers, &c->transfer_count);
    if (place < 0) return NULL;
    return c->transfers[place] = http_transfer_new(pool, place + 1);
}

http_transfer *http_checkout(http_crowd *c, int number) {
    http_pool *pool = number >= 0 && number < c->pool_count ? c->pools[number] : NULL;
    if (pool == NULL) return NULL;
    http_transfer *t = pool->spare;
    if (t != NULL) {
        pool->spare = t->next;
        pool->spare_count--;
    } else if ((t = new_transfer(c, pool)) == NULL) {
        return NULL;
    }
    t->state = HTTP_PREPARED;
    return t;
}

bool http_field(http_transfer *t, const char *text, size_t length) {
    return http_transfer_add_field(t, text, length);
}

static void activate(http_transfer *t) {
    http_crowd *c = t->pool->crowd;
    t->state = HTTP_RUNS;
    t->after = c->active;
    t->before = &c->active;
    if (t->after != NULL) t->after->before = &t->after;
    c->active = t;
    c->running++;
    if (t->deadline < c->soonest) c->soonest = t->deadline;
}

static void deactivate(http_transfer *t) {
    *t->before = t->after;
    if (t->after != NULL) t->after->before = t->before;
    t->pool->crowd->running--;
    t->state = HTTP_PREPARED;
}

bool http_start(http_transfer *t, const http_request *request) {
    if (!http_transfer_compose(t, request)) return false;
    activate(t);
    if (http_pool_assign(t)) return true;
    deactivate(t);
    http_transfer_fail(t, HTTP_CONNECT, "out of memory or descriptors");
    return false;
}

int http_id(const http_transfer *t) {
    return t->id;
}

http_transfer *http_find(http_crowd *c, int id) {
    http_transfer *t = id >= 1 && id <= c->transfer_count ? c->transfers[id - 1] : NULL;
    return t == NULL || t->state == HTTP_IDLE ? NULL : t;
}

static void append_done(http_transfer *t) {
    http_crowd *c = t->pool->crowd;
    t->state = HTTP_DONE;
    t->next = NULL;
    *c->done_end = t;
    c->done_end = &t->next;
}

/* Takes a running transfer off its connection, which nobody can use after it. */
static void halt(http_transfer *t) {
    deactivate(t);
    if (t->link != NULL) http_pool_release(t->link, false);
    else http_pool_remove_waiting(t);
}

static void remove_done(http_transfer *t) {
    http_crowd *c = t->pool->crowd;
    http_transfer **link = &c->done;
    while (*link != NULL && *link != t) link = &(*link)->next;
    if (*link == NULL) return;
    *link = t->next;
    if (t->next == NULL) c->done_end = link;
}

void http_outcome(const http_transfer *t, http_result *result) {
    *result = t->result;
}

bool http_was_sent(const http_transfer *t) {
    return t->sent > 0;
}

void http_recycle(http_transfer *t) {
    http_pool *pool = t->pool;
    if (t->state == HTTP_IDLE) return;
    if (t->state == HTTP_RUNS) halt(t);
    if (t->state == HTTP_DONE) remove_done(t);
    http_transfer_reset(t);
    if (pool->spare_count >= MAX_SPARE) {
        discard(t);
        return;
    }
    t->next = pool->spare;
    pool->spare = t;
    pool->spare_count++;
}

/* ---- working ---- */

/* The transfer's exchange on its link is over, its result filled. */
static void finish(http_transfer *t, bool reusable) {
    bool again = http_transfer_again(t);
    http_pool_release(t->link, reusable);
    if (again) {
        t->tries++;
        t->sent = 0;
        http_answer_begin(&t->answer, t->answer.max_body);
        if (http_pool_assign(t)) return;
    }
    deactivate(t);
    append_done(t);
}

/* Most answers take longer than it takes to look for them, so nothing is read here. */
void http_crowd_go(http_transfer *t) {
    http_link *link = t->link;
    if (!http_transfer_send(t)) {
        finish(t, false);
        return;
    }
    http_watches_want(&t->pool->crowd->watches, link, link->fd, http_transfer_wants(t), true);
}

static void drive(http_transfer *t) {
    http_link *link = t->link;
    bool reusable;
    if (!http_transfer_exchange(t, &reusable)) finish(t, reusable);
    else http_watches_want(&t->pool->crowd->watches, link, link->fd, http_transfer_wants(t), true);
}

void http_crowd_add_connecting(http_link *link) {
    http_crowd *c = link->pool->crowd;
    link->next = c->connecting;
    c->connecting = link;
}

void http_crowd_remove_connecting(http_link *link) {
    http_link **place = &link->pool->crowd->connecting;
    while (*place != NULL && *place != link) place = &(*place)->next;
    if (*place != NULL) *place = link->next;
}

/* True: the link has an outcome, and may be gone. */
static bool connect_on(http_link *link, int fd, int mask) {
    CURLcode code;
    http_transfer *t = link->transfer;
    if (!http_link_connect(link, fd, mask, &code)) return false;
    http_crowd_remove_connecting(link);
    if (code == CURLE_OK) {
        http_crowd_go(t);
        return true;
    }
    http_transfer_judge(t, code);
    finish(t, false);
    return true;
}

void http_crowd_event(http_link *link, int fd, int mask) {
    if (!link->connected) connect_on(link, fd, mask);
    else if (link->transfer != NULL) drive(link->transfer);
    else http_pool_drop_idle(link); /* it has ended, or says something nobody asked for */
}

/* Serves one connection whose moment has come. */
static bool connect_due(http_crowd *c, double now) {
    for (http_link *link = c->connecting; link != NULL; link = link->next) {
        if (link->due < 0 || link->due > now) continue;
        if (connect_on(link, CURL_SOCKET_TIMEOUT, 0)) return true;
    }
    return false;
}

/* Takes those whose deadline has passed off the running ones, and finds the next deadline. */
static http_transfer *take_expired(http_crowd *c, double now) {
    http_transfer *expired = NULL;
    c->soonest = INFINITY;
    for (http_transfer *t = c->active, *after; t != NULL; t = after) {
        after = t->after;
        if (t->deadline > now) {
            if (t->deadline < c->soonest) c->soonest = t->deadline;
            continue;
        }
        deactivate(t);
        if (t->link == NULL) http_pool_remove_waiting(t);
        t->next = expired;
        expired = t;
    }
    return expired;
}

/* A link that becomes free goes to one that waits, so all that are late must be gone before. */
static void expire(http_crowd *c, double now) {
    for (http_transfer *t = take_expired(c, now), *next; t != NULL; t = next) {
        next = t->next;
        http_transfer_fail(t, HTTP_TIMEOUT, NULL);
        if (t->link != NULL) http_pool_release(t->link, false);
        append_done(t);
    }
}

static void work(http_crowd *c) {
    if (c->running == 0) return;
    double now = http_clock();
    while (connect_due(c, now)) {
    }
    if (c->soonest <= now) expire(c, now);
}

double http_timeout(const http_crowd *c) {
    if (c->done != NULL) return 0.0;
    if (c->running == 0) return -1.0;
    double soonest = c->soonest;
    for (const http_link *link = c->connecting; link != NULL; link = link->next)
        if (link->due >= 0 && link->due < soonest) soonest = link->due;
    soonest -= http_clock();
    return soonest > 0 ? soonest : 0.0;
}

/* Rounded up: a call before the moment would be for nothing. */
static int milliseconds(const http_crowd *c, double seconds) {
    double due = http_timeout(c);
    if (seconds < 0 || (due >= 0 && due < seconds)) seconds = due;
    if (seconds < 0) return -1;
    return seconds > 3600 ? 3600000 : (int)(seconds * 1000 + 0.999);
}

static void turn(http_crowd *c, double seconds) {
    http_watches_wait(&c->watches, milliseconds(c, seconds));
    work(c);
}

void http_wait(http_crowd *c, double seconds) {
    work(c);
    if (c->done == NULL) turn(c, seconds);
}

void http_run(http_transfer *t) {
    work(t->pool->crowd);
    while (t->state == HTTP_RUNS) turn(t->pool->crowd, -1.0);
}

http_transfer *http_next(http_crowd *c) {
    http_transfer *t = c->done;
    if (t != NULL) remove_done(t);
    if (t != NULL) t->state = HTTP_PREPARED;
    return t;
}

int http_pollfd(const http_crowd *c) {
    return c->watches.epoll;
}

int http_running(const http_crowd *c) {
    return c->running;
}

bool http_alarm(http_crowd *c, double seconds) {
    return http_watches_alarm(&c->watches, seconds);
}
