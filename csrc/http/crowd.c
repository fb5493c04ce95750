#include "impl.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 64, MAX_IDLE = 128 };

/* What is known of a descriptor: what libcurl wants of it, and what the kernel was told. */
typedef struct {
    http_pool *pool;
    uint32_t want, have;
    bool ours, queued;
} watch;

struct http_crowd {
    pid_t pid;
    int epoll, alarm;
    int running;
    http_pool **pools; /* by number; holes are NULL */
    int pool_count;
    http_trust **trusts;
    int trust_count;
    http_transfer **transfers; /* by id - 1; holes are NULL */
    int transfer_count;
    http_transfer *done, **done_end;
    watch *watches; /* by descriptor */
    int watch_count;
    int *changed; /* descriptors whose want and have may differ */
    int changed_count, changed_size;
};

double http_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- descriptors ----
 *
 * With kept connections libcurl takes up and lets go the same descriptor for every transfer. The
 * kernel is told only what lasts: an idle connection stays watched until it says something.
 */

static bool fit_watches(http_crowd *c, int fd) {
    if (fd < c->watch_count) return true;
    int count = fd + 64;
    watch *list = realloc(c->watches, (size_t)count * sizeof *list);
    if (list == NULL) return false;
    memset(list + c->watch_count, 0, (size_t)(count - c->watch_count) * sizeof *list);
    c->watches = list;
    c->watch_count = count;
    return true;
}

static bool queue(http_crowd *c, int fd) {
    if (c->watches[fd].queued) return true;
    if (c->changed_count == c->changed_size) {
        int size = c->changed_size ? 2 * c->changed_size : 16;
        int *list = realloc(c->changed, (size_t)size * sizeof *list);
        if (list == NULL) return false;
        c->changed = list;
        c->changed_size = size;
    }
    c->changed[c->changed_count++] = fd;
    return c->watches[fd].queued = true;
}

static void tell_kernel(http_crowd *c, int fd, uint32_t events) {
    watch *w = &c->watches[fd];
    struct epoll_event event = {.events = events, .data = {.fd = fd}};
    if (w->have == events) return;
    int op = w->have == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    epoll_ctl(c->epoll, op, fd, &event);
    w->have = events;
}

void http_crowd_watch(http_crowd *c, http_pool *pool, int fd, int what, bool ours) {
    if (!fit_watches(c, fd)) return;
    watch *w = &c->watches[fd];
    w->pool = pool;
    w->ours = ours;
    w->want = what == CURL_POLL_REMOVE ? 0 : 0u + ((what & CURL_POLL_IN) ? EPOLLIN : 0u) +
                                                ((what & CURL_POLL_OUT) ? EPOLLOUT : 0u);
    /* a descriptor whose end nobody will announce must leave at once */
    if (w->want == 0 && !ours) tell_kernel(c, fd, 0);
    else if (w->want != w->have) queue(c, fd);
}

void http_crowd_forget(http_crowd *c, int fd) {
    if (fd >= c->watch_count) return;
    tell_kernel(c, fd, 0);
    c->watches[fd].want = 0;
}

static void sync_watches(http_crowd *c) {
    for (int i = 0; i < c->changed_count; i++) {
        int fd = c->changed[i];
        watch *w = &c->watches[fd];
        w->queued = false;
        if (w->want != 0) tell_kernel(c, fd, w->want);
        else if (w->have != 0) tell_kernel(c, fd, EPOLLIN);
    }
    c->changed_count = 0;
}

/* ---- making and closing ---- */

static void end_pool(http_crowd *c, int number);

http_crowd *http_crowd_new(void) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return NULL;
    http_crowd *c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    c->pid = getpid();
    c->alarm = -1;
    c->done_end = &c->done;
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (c->epoll >= 0) return c;
    free(c);
    return NULL;
}

bool http_crowd_foreign(const http_crowd *c) {
    return c->pid != getpid();
}

static void close_descriptors(http_crowd *c) {
    if (c->epoll >= 0) close(c->epoll);
    if (c->alarm >= 0) close(c->alarm);
}

/* In a forked child libcurl's memory may be in any state, and closing a TLS connection would speak
 * on the parent's. */
void http_crowd_close(http_crowd *c) {
    if (http_crowd_foreign(c)) {
        close_descriptors(c);
        return;
    }
    for (int i = 0; i < c->pool_count; i++)
        if (c->pools[i] != NULL) end_pool(c, i);
    for (int i = 0; i < c->trust_count; i++) http_trust_free(c->trusts[i]);
    close_descriptors(c);
    free(c->pools);
    free(c->trusts);
    free(c->transfers);
    free(c->watches);
    free(c->changed);
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

static void act(http_crowd *c, const struct epoll_event *event) {
    int fd = event->data.fd, running;
    if (fd == c->alarm) {
        http_alarm(c, -1.0);
        return;
    }
    watch *w = &c->watches[fd];
    if (w->want == 0) { /* an idle connection ended, or says something unasked */
        tell_kernel(c, fd, 0);
        return;
    }
    int mask = ((event->events & EPOLLIN) ? CURL_CSELECT_IN : 0) |
               ((event->events & EPOLLOUT) ? CURL_CSELECT_OUT : 0) |
               ((event->events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0);
    w->pool->touched = true;
    curl_multi_socket_action(w->pool->multi, fd, mask, &running);
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
    struct epoll_event events[EVENTS];
    sync_watches(c);
    int n = epoll_wait(c->epoll, events, EVENTS, milliseconds(c, seconds));
    for (int i = 0; i < n; i++) act(c, &events[i]);
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
    return c->epoll;
}

int http_running(const http_crowd *c) {
    return c->running;
}

static bool make_alarm(http_crowd *c) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = -1}};
    c->alarm = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (c->alarm < 0) return false;
    event.data.fd = c->alarm;
    return epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->alarm, &event) == 0;
}

bool http_alarm(http_crowd *c, double seconds) {
    struct itimerspec when = {0};
    if (c->alarm < 0 && seconds < 0) return true;
    if (c->alarm < 0 && !make_alarm(c)) return false;
    if (seconds >= 0) {
        when.it_value.tv_sec = (time_t)seconds;
        when.it_value.tv_nsec = (long)((seconds - (double)when.it_value.tv_sec) * 1e9);
        if (when.it_value.tv_sec == 0 && when.it_value.tv_nsec == 0) when.it_value.tv_nsec = 1;
    }
    return timerfd_settime(c->alarm, 0, &when, NULL) == 0;
}
