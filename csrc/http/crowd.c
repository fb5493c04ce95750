/* The crowd itself: what is made, checked out, given back and closed; what happens meanwhile is in work.c. */
#include "impl.h"

#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SPARE = 128 };

double http_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

http_watches *http_crowd_watches(http_crowd *c) {
    return &c->watches;
}

/* ---- making and closing ---- */

static void end_pool(http_crowd *c, int number);

/* A page that the kernel empties in a forked child: a look there is no system call, as getpid is. NULL where there is
 * none to have. */
static const volatile char *mark_as_mine(void) {
#ifdef MADV_WIPEONFORK
    char *page = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return NULL;
    if (madvise(page, 1, MADV_WIPEONFORK) == 0) {
        *page = 1;
        return page;
    }
    munmap(page, 1);
#endif
    return NULL;
}

static void free_crowd(http_crowd *c) {
    if (c->mine != NULL) munmap((void *)(size_t)c->mine, 1);
    free(c);
}

http_crowd *http_crowd_new(void) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return NULL;
    http_crowd *c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    c->pid = getpid();
    c->mine = mark_as_mine();
    c->done_end = &c->done;
    c->soonest = INFINITY;
    if (http_watches_open(&c->watches)) return c;
    free_crowd(c);
    return NULL;
}

bool http_crowd_foreign(const http_crowd *c) {
    return c->mine != NULL ? *c->mine == 0 : c->pid != getpid();
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
    free_crowd(c);
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
    int place = add_place(&c->trusts, &c->trust_count);
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
    int place = free_place(c->pools, c->pool_count);
    if (place < 0) place = add_place(&c->pools, &c->pool_count);
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
    for (int i = 0; i < c->transfer_count; i++) {
        http_transfer *t = c->transfers[i];
        if (t != NULL && t->pool == pool) http_recycle(t);
    }
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
    int place = free_place(c->transfers, c->transfer_count);
    if (place < 0) place = add_place(&c->transfers, &c->transfer_count);
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

bool http_start(http_transfer *t, const http_request *request) {
    t->pool->crowd->now = http_clock();
    if (!http_transfer_compose(t, request)) return false;
    http_crowd_activate(t);
    bool assigned = http_pool_assign(t);
    http_watches_settle(&t->pool->crowd->watches);
    if (assigned) return true;
    http_crowd_deactivate(t);
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
    if (t->state == HTTP_RUNS) http_crowd_halt(t);
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

http_transfer *http_next(http_crowd *c) {
    http_transfer *t = c->done;
    if (t != NULL) remove_done(t);
    if (t != NULL) t->state = HTTP_PREPARED;
    return t;
}

int http_pollfd(http_crowd *c) {
    return http_crowd_foreign(c) ? c->watches.epoll : http_watches_share(&c->watches);
}

int http_running(const http_crowd *c) {
    return c->running;
}

bool http_alarm(http_crowd *c, double seconds) {
    return http_watches_alarm(&c->watches, seconds);
}
