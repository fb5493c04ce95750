#include "impl.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MAX_IDLE = 128 };

struct http_crowd {
    pid_t pid;
    int running;
    http_pool **pools; /* by number; holes are NULL */
    int pool_count;
    http_trust **trusts;
    int trust_count;
    http_transfer **transfers; /* by id - 1; holes are NULL */
    int transfer_count;
    http_transfer *done, **done_end;
    http_watches watches;
};

void http_crowd_watch(http_crowd *c, http_pool *pool, int fd, int what, bool ours) {
    http_watches_want(&c->watches, pool, fd, what, ours);
}

void http_crowd_forget(http_crowd *c, int fd) {
    http_watches_forget(&c->watches, fd);
}

double http_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- making and closing ---- */

static void end_pool(http_crowd *c, int number);

http_crowd *http_crowd_new(void) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return NULL;
    http_crowd *c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    c->pid = getpid();
    c->done_end = &c->done;
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
    while (pool->idle != NULL) {
        http_transfer *t = pool->idle;
        pool->idle = t->next;
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
    http_transfer *t = pool->idle;
    if (t != NULL) {
        pool->idle = t->next;
        pool->idle_count--;
    } else if ((t = new_transfer(c, pool)) == NULL) {
        return NULL;
    }
    t->state = HTTP_PREPARED;
    http_fields_begin(&t->fields);
    return t;
}

bool http_field(http_transfer *t, const char *text, size_t length) {
    if (http_fields_add(&t->fields, text, length)) return true;
    http_transfer_refuse(t, "a header field is malformed or too long, or there are too many");
    return false;
}

static bool launch(http_transfer *t) {
    if (curl_multi_add_handle(t->pool->multi, t->easy) != CURLM_OK) return false;
    t->state = HTTP_RUNS;
    t->pool->running++;
    t->pool->crowd->running++;
    return true;
}

bool http_start(http_transfer *t, const http_request *request) {
    if (!http_transfer_prepare(t, request)) return false;
    if (launch(t)) return true;
    http_transfer_judge(t, CURLE_OUT_OF_MEMORY);
    return false;
}

int http_id(const http_transfer *t) {
    return t->id;
}

http_transfer *http_find(http_crowd *c, int id) {
    http_transfer *t = id >= 1 && id <= c->transfer_count ? c->transfers[id - 1] : NULL;
    return t == NULL || t->state == HTTP_IDLE ? NULL : t;
}

static void halt(http_transfer *t) {
    curl_multi_remove_handle(t->pool->multi, t->easy);
    t->pool->running--;
    t->pool->crowd->running--;
    t->state = HTTP_PREPARED;
}

static void append_done(http_transfer *t) {
    http_crowd *c = t->pool->crowd;
    t->state = HTTP_DONE;
    t->next = NULL;
    *c->done_end = t;
    c->done_end = &t->next;
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
    return t->sends > 0;
}

void http_recycle(http_transfer *t) {
    http_pool *pool = t->pool;
    if (t->state == HTTP_IDLE) return;
    if (t->state == HTTP_RUNS) halt(t);
    if (t->state == HTTP_DONE) remove_done(t);
    http_transfer_reset(t);
    if (pool->idle_count >= MAX_IDLE) {
        discard(t);
        return;
    }
    t->next = pool->idle;
    pool->idle = t;
    pool->idle_count++;
}

/* ---- waiting ---- */

static void finish(http_transfer *t, CURLcode code) {
    halt(t);
    bool again = t->spoilt_now && http_transfer_again(t) && launch(t);
    if (again) return;
    if (t->spoilt_now) code = CURLE_OPERATION_TIMEDOUT;
    http_transfer_judge(t, code);
    append_done(t);
}

static void collect(http_pool *pool) {
    CURLMsg *message;
    int left;
    pool->touched = false;
    while ((message = curl_multi_info_read(pool->multi, &left)) != NULL) {
        void *t = NULL;
        if (message->msg != CURLMSG_DONE) continue;
        CURLcode code = message->data.result; /* the message does not outlive the next call */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
        finish(t, code);
    }
}

static void work(http_crowd *c) {
    for (int i = 0; i < c->pool_count; i++) {
        http_pool *pool = c->pools[i];
        if (pool == NULL || (pool->running == 0 && !pool->touched)) continue;
        double now = pool->due >= 0 ? http_clock() : 0;
        if (pool->due >= 0 && pool->due <= now) http_pool_timer_fired(pool, now);
        if (pool->touched) collect(pool);
    }
}

double http_timeout(const http_crowd *c) {
    double soonest = -1.0;
    if (c->done != NULL) return 0.0;
    for (int i = 0; i < c->pool_count; i++) {
        const http_pool *pool = c->pools[i];
        if (pool == NULL || pool->running == 0 || pool->due < 0) continue;
        if (soonest < 0 || pool->due < soonest) soonest = pool->due;
    }
    if (soonest < 0) return -1.0;
    soonest -= http_clock();
    return soonest > 0 ? soonest : 0.0;
}

/* Rounded up: a call before libcurl's moment would be for nothing. */
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
