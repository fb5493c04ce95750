/* The descriptors that are waited for, behind one of epoll's. */
#include "impl.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/*
 * A kept connection is taken up and let go for every transfer. The kernel is told only what lasts: changes are told
 * when a wait begins, here or elsewhere, and an idle connection stays watched until it says something.
 */

bool http_watches_open(http_watches *w) {
    *w = (http_watches){.alarm = -1};
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    return w->epoll >= 0;
}

void http_watches_close(http_watches *w) {
    if (w->epoll >= 0) close(w->epoll);
    if (w->alarm >= 0) close(w->alarm);
    w->epoll = w->alarm = -1;
}

void http_watches_free(http_watches *w) {
    free(w->list);
    free(w->changed);
}

static bool fit(http_watches *w, int fd) {
    if (fd < w->count) return true;
    int count = fd + 64;
    http_watch *list = realloc(w->list, (size_t)count * sizeof *list);
    if (list == NULL) return false;
    memset(list + w->count, 0, (size_t)(count - w->count) * sizeof *list);
    w->list = list;
    w->count = count;
    return true;
}

static bool queue(http_watches *w, int fd) {
    if (w->list[fd].queued) return true;
    if (w->changed_count == w->changed_size) {
        int size = w->changed_size ? 2 * w->changed_size : 16;
        int *list = realloc(w->changed, (size_t)size * sizeof *list);
        if (list == NULL) return false;
        w->changed = list;
        w->changed_size = size;
    }
    w->changed[w->changed_count++] = fd;
    return w->list[fd].queued = true;
}

static void tell_kernel(http_watches *w, int fd, unsigned events) {
    http_watch *watch = &w->list[fd];
    struct epoll_event event = {.events = events, .data = {.fd = fd}};
    if (watch->have == events) return;
    int op = watch->have == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    epoll_ctl(w->epoll, op, fd, &event);
    watch->have = events;
}

static unsigned events_of(int what) {
    if (what == CURL_POLL_REMOVE) return 0;
    return ((what & CURL_POLL_IN) ? (unsigned)EPOLLIN : 0u) |
           ((what & CURL_POLL_OUT) ? (unsigned)EPOLLOUT : 0u);
}

bool http_watches_want(http_watches *w, http_link *link, int fd, int what, bool lasting) {
    if (!fit(w, fd)) return false;
    http_watch *watch = &w->list[fd];
    watch->link = link;
    watch->want = events_of(what);
    if (watch->want == 0 && !lasting) tell_kernel(w, fd, 0);
    return watch->want == watch->have || queue(w, fd);
}

void http_watches_forget(http_watches *w, int fd) {
    if (fd >= w->count) return;
    tell_kernel(w, fd, 0);
    w->list[fd].want = 0;
    w->list[fd].link = NULL;
}

static void sync_kernel(http_watches *w) {
    for (int i = 0; i < w->changed_count; i++) {
        int fd = w->changed[i];
        http_watch *watch = &w->list[fd];
        watch->queued = false;
        if (watch->want != 0) tell_kernel(w, fd, watch->want);
        else if (watch->have != 0) tell_kernel(w, fd, EPOLLIN);
    }
    w->changed_count = 0;
}

void http_watches_settle(http_watches *w) {
    if (w->shared) sync_kernel(w);
}

int http_watches_share(http_watches *w) {
    w->shared = true;
    sync_kernel(w);
    return w->epoll;
}

static int mask_of(unsigned events) {
    return ((events & EPOLLIN) ? CURL_CSELECT_IN : 0) | ((events & EPOLLOUT) ? CURL_CSELECT_OUT : 0) |
           ((events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0);
}

void http_watches_wait(http_watches *w, int ms, double *now) {
    struct epoll_event events[HTTP_EVENTS];
    sync_kernel(w);
    int n = epoll_wait(w->epoll, events, HTTP_EVENTS, ms);
    *now = http_clock();
    for (int i = 0; i < n; i++) {
        int fd = events[i].data.fd;
        if (fd == w->alarm) http_watches_alarm(w, -1.0);
        else if (w->list[fd].link != NULL) http_crowd_event(w->list[fd].link, fd, mask_of(events[i].events));
    }
}

static bool make_alarm(http_watches *w) {
    w->alarm = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = w->alarm}};
    return w->alarm >= 0 && epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->alarm, &event) == 0;
}

bool http_watches_alarm(http_watches *w, double seconds) {
    struct itimerspec when = {0};
    if (w->alarm < 0 && seconds < 0) return true;
    if (w->alarm < 0 && !make_alarm(w)) return false;
    if (seconds >= 0) {
        when.it_value.tv_sec = (time_t)seconds;
        when.it_value.tv_nsec = (long)((seconds - (double)when.it_value.tv_sec) * 1e9);
        if (when.it_value.tv_sec == 0 && when.it_value.tv_nsec == 0) when.it_value.tv_nsec = 1;
    }
    return timerfd_settime(w->alarm, 0, &when, NULL) == 0;
}
