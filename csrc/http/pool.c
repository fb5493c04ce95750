/* Links with the same settings: which are idle, who gets one, who waits. */
#include "impl.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_LINKS = 128 }; /* at a time; further transfers wait */

static bool set_share(http_pool *pool) {
    pool->share = curl_share_init();
    return pool->share != NULL &&
           curl_share_setopt(pool->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK &&
           curl_share_setopt(pool->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK;
}

http_pool *http_pool_new(http_crowd *crowd, http_trust *trust, const char *proxy) {
    http_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) return NULL;
    pool->crowd = crowd;
    pool->trust = trust;
    pool->waiting_end = &pool->waiting;
    pool->proxy = proxy != NULL ? strdup(proxy) : NULL;
    if (set_share(pool) && (proxy == NULL || pool->proxy != NULL)) return pool;
    http_pool_free(pool);
    return NULL;
}

static http_link *take_idle(http_pool *pool, http_link **place) {
    http_link *link = *place;
    *place = link->next;
    pool->idle_links--;
    return link;
}

/* Its transfers are gone by now. */
void http_pool_free(http_pool *pool) {
    while (pool->idle != NULL) http_link_close(take_idle(pool, &pool->idle));
    curl_share_cleanup(pool->share);
    free(pool->proxy);
    free(pool);
}

void http_pool_drop_idle(http_link *link) {
    http_link **place = &link->pool->idle;
    while (*place != NULL && *place != link) place = &(*place)->next;
    if (*place != NULL) http_link_close(take_idle(link->pool, place));
}

/* ---- transfers and links ---- */

/* The last one used is the likeliest to be there still. Those that are not are closed. */
static http_link *find_idle(http_pool *pool, const char *origin) {
    for (http_link **place = &pool->idle; *place != NULL;) {
        if (strcmp((*place)->origin, origin) != 0) {
            place = &(*place)->next;
            continue;
        }
        http_link *link = take_idle(pool, place);
        if (http_link_is_sound(link, pool->crowd->now)) return link;
        http_link_close(link);
    }
    return NULL;
}

static void give(http_transfer *t, http_link *link) {
    t->link = link;
    link->transfer = t;
    t->pool->busy_links++;
}

static void append_waiting(http_transfer *t) {
    t->next = NULL;
    *t->pool->waiting_end = t;
    t->pool->waiting_end = &t->next;
}

void http_pool_remove_waiting(http_transfer *t) {
    http_transfer **place = &t->pool->waiting;
    while (*place != NULL && *place != t) place = &(*place)->next;
    if (*place == NULL) return;
    *place = t->next;
    if (t->next == NULL) t->pool->waiting_end = place;
}

bool http_pool_assign(http_transfer *t) {
    http_pool *pool = t->pool;
    http_link *link = find_idle(pool, t->origin);
    if (link != NULL) {
        give(t, link);
        http_crowd_go(t);
        return true;
    }
    if (pool->busy_links >= MAX_LINKS) {
        append_waiting(t);
        return true;
    }
    link = http_link_open(pool, t->origin, t->plain, t->deadline - pool->crowd->now);
    if (link == NULL) return false;
    give(t, link);
    http_crowd_add_connecting(link);
    return true;
}

static void serve_waiting(http_pool *pool) {
    http_transfer *t = pool->waiting;
    if (t == NULL || pool->busy_links >= MAX_LINKS) return;
    http_pool_remove_waiting(t);
    if (!http_pool_assign(t)) append_waiting(t);
}

void http_pool_release(http_link *link, bool reusable) {
    http_pool *pool = link->pool;
    link->transfer->link = NULL;
    link->transfer = NULL;
    pool->busy_links--;
    if (!link->connected) http_crowd_remove_connecting(link);
    if (reusable && pool->idle_links < MAX_LINKS) {
        link->used = true;
        link->rested = pool->crowd->now;
        http_watches_want(http_crowd_watches(pool->crowd), link, link->fd, CURL_POLL_NONE, true);
        link->next = pool->idle;
        pool->idle = link;
        pool->idle_links++;
    } else {
        http_link_close(link);
    }
    serve_waiting(pool);
}
