/* What happens while transfers run: connections come about, answers arrive, deadlines pass. */
#include "impl.h"

#include <math.h>

void http_crowd_activate(http_transfer *t) {
    http_crowd *c = t->pool->crowd;
    t->state = HTTP_RUNS;
    t->after = c->active;
    t->before = &c->active;
    if (t->after != NULL) t->after->before = &t->after;
    c->active = t;
    c->running++;
    if (t->deadline < c->soonest) c->soonest = t->deadline;
}

void http_crowd_deactivate(http_transfer *t) {
    *t->before = t->after;
    if (t->after != NULL) t->after->before = t->before;
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

void http_crowd_halt(http_transfer *t) {
    http_crowd_deactivate(t);
    if (t->link != NULL) http_pool_release(t->link, false); /* to one that waited, perhaps */
    else http_pool_remove_waiting(t);
    http_watches_settle(&t->pool->crowd->watches);
}

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
    http_crowd_deactivate(t);
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
static bool connect_due(http_crowd *c) {
    for (http_link *link = c->connecting; link != NULL; link = link->next) {
        if (link->due < 0 || link->due > c->now) continue;
        if (connect_on(link, CURL_SOCKET_TIMEOUT, 0)) return true;
    }
    return false;
}

/* Takes those whose deadline has passed off the running ones, and finds the next deadline. */
static http_transfer *take_expired(http_crowd *c) {
    http_transfer *expired = NULL;
    c->soonest = INFINITY;
    for (http_transfer *t = c->active, *after; t != NULL; t = after) {
        after = t->after;
        if (t->deadline > c->now) {
            if (t->deadline < c->soonest) c->soonest = t->deadline;
            continue;
        }
        http_crowd_deactivate(t);
        if (t->link == NULL) http_pool_remove_waiting(t);
        t->next = expired;
        expired = t;
    }
    return expired;
}

/* A link that becomes free goes to one that waits, so all that are late must be gone before. */
static void expire(http_crowd *c) {
    for (http_transfer *t = take_expired(c), *next; t != NULL; t = next) {
        next = t->next;
        http_transfer_fail(t, HTTP_TIMEOUT, NULL);
        if (t->link != NULL) http_pool_release(t->link, false);
        append_done(t);
    }
}

/* Whoever calls us late, was stopped or slept while it waited (a signal ends that wait with nothing), is to have what
 * came in time. */
static void take_arrived(http_crowd *c) {
    for (int left = c->running; left > 0; left -= HTTP_EVENTS) http_watches_wait(&c->watches, 0, &c->now);
}

static void work(http_crowd *c) {
    if (c->soonest <= c->now) take_arrived(c);
    while (connect_due(c)) {
    }
    if (c->soonest <= c->now) expire(c);
}

static double timeout_at(const http_crowd *c, double now) {
    if (c->done != NULL) return 0.0;
    if (c->running == 0) return -1.0;
    double soonest = c->soonest;
    for (const http_link *link = c->connecting; link != NULL; link = link->next)
        if (link->due >= 0 && link->due < soonest) soonest = link->due;
    return soonest > now ? soonest - now : 0.0;
}

double http_timeout(const http_crowd *c) {
    return timeout_at(c, http_clock());
}

/* Rounded up: a call before the moment would be for nothing. */
static int milliseconds(const http_crowd *c, double seconds) {
    double due = timeout_at(c, c->now);
    if (seconds < 0 || (due >= 0 && due < seconds)) seconds = due;
    if (seconds < 0) return -1;
    return seconds > 3600 ? 3600000 : (int)(seconds * 1000 + 0.999);
}

static void turn(http_crowd *c, double seconds) {
    if (c->connecting != NULL) c->now = http_clock(); /* libcurl may have taken its time */
    http_watches_wait(&c->watches, milliseconds(c, seconds), &c->now);
    work(c);
}

void http_wait(http_crowd *c, double seconds) {
    c->now = http_clock();
    work(c);
    if (c->done == NULL) turn(c, seconds);
    http_watches_settle(&c->watches);
}

void http_run(http_transfer *t) {
    work(t->pool->crowd);
    while (t->state == HTTP_RUNS) turn(t->pool->crowd, -1.0);
}
