/*
 * cognito.http: the binding of csrc/http. Used by host/blocking and host/loop alone.
 *
 *   crowd = http.crowd()
 *   crowd:pool(ca_file, ca_path, proxy)      -> number | nil, kind, message
 *   crowd:close_pool(number)                 -> false while transfers run on it
 *   crowd:perform(pool, method, url, headers, body, deadline, max_body, minting)
 *                                            -> status, head, body | failure
 *   crowd:start(the same)                    -> id | failure
 *   crowd:wait(seconds)                      -> works until something finished; nil: no limit
 *   crowd:next()                             -> id, status, head, body | id, failure | nothing
 *   crowd:drop(id)                           ends it without a report; true: some of it was sent
 *   crowd:timeout()  crowd:pollfd()  crowd:running()  crowd:alarm(seconds or nil)
 *   crowd:foreign()                          true in a forked child
 *   crowd:close()
 *
 * A deadline is a time by posix.boottime. A failure is nil, kind, message, maybe_processed,
 * retryable. In a forked child pool, perform and start give nil, "forked"; nothing else does
 * anything but close, which is all that is left. No function calls Lua or yields.
 */
#include "../http/impl.h"
#include "lcog.h"

#include <dlfcn.h>

#define CROWD "cognito.http.crowd"
#define MAX_BODY 1e9 /* octets, the most that a caller may ask for */

static http_crowd **box_of(lua_State *L) {
    return lcog_checkudata(L, 1, CROWD);
}

static http_crowd *crowd_of(lua_State *L) {
    http_crowd *crowd = *box_of(L);
    if (crowd == NULL) luaL_error(L, "%s is closed", CROWD);
    return crowd;
}

static int push_failure(lua_State *L, const http_result *r) {
    lua_pushnil(L);
    lua_pushstring(L, http_kind_name(r->kind));
    lua_pushstring(L, r->message);
    lua_pushboolean(L, r->maybe_processed);
    lua_pushboolean(L, r->retryable);
    return 5;
}

/* The kind of failure of a crowd that a fork brought along. The host makes a new one. */
static int push_forked(lua_State *L) {
    lua_pushnil(L);
    lua_pushliteral(L, "forked");
    return 2;
}

static int push_outcome(lua_State *L, const http_transfer *t) {
    http_result r;
    http_outcome(t, &r);
    if (r.kind != HTTP_OK) return push_failure(L, &r);
    lua_pushinteger(L, r.status);
    lua_pushlstring(L, r.head_length > 0 ? r.head : "", r.head_length);
    lua_pushlstring(L, r.body_length > 0 ? r.body : "", r.body_length);
    return 3;
}

/* Lua may throw while it copies the answer: the transfer is the crowd's, and is found again by its
 * id or dies with the crowd. */
static int report(lua_State *L, http_transfer *t) {
    int n = push_outcome(L, t);
    http_recycle(t);
    return n;
}

static int l_crowd(lua_State *L) {
    http_crowd **box = lua_newuserdata(L, sizeof *box);
    *box = NULL;
    lcog_setclass(L, CROWD);
    *box = http_crowd_new();
    if (*box == NULL) return luaL_error(L, "%s: out of memory or descriptors", CROWD);
    return 1;
}

static int l_close(lua_State *L) {
    http_crowd **box = box_of(L);
    http_crowd *crowd = *box;
    *box = NULL;
    if (crowd != NULL) http_crowd_close(crowd);
    return 0;
}

static int l_tostring(lua_State *L) {
    http_crowd *crowd = *box_of(L);
    if (crowd == NULL) lua_pushliteral(L, CROWD " (closed)");
    else lua_pushfstring(L, CROWD " (%d running)", http_running(crowd));
    return 1;
}

static int l_pool(lua_State *L) {
    http_crowd *crowd = crowd_of(L);
    http_settings settings = {
        .ca_file = luaL_optstring(L, 2, NULL),
        .ca_path = luaL_optstring(L, 3, NULL),
        .proxy = luaL_optstring(L, 4, NULL),
    };
    const char *message = NULL;
    int number;
    if (http_crowd_foreign(crowd)) return push_forked(L);
    http_kind kind = http_pool_open(crowd, &settings, &number, &message);
    if (kind != HTTP_OK) {
        lua_pushnil(L);
        lua_pushstring(L, http_kind_name(kind));
        lua_pushstring(L, message);
        return 3;
    }
    lua_pushinteger(L, number);
    return 1;
}

static int l_close_pool(lua_State *L) {
    http_crowd *crowd = crowd_of(L);
    int number = (int)luaL_checkinteger(L, 2);
    lua_pushboolean(L, !http_crowd_foreign(crowd) && http_pool_close(crowd, number));
    return 1;
}

static http_request request_of(lua_State *L) {
    http_request r = {.method = luaL_checkstring(L, 3), .url = luaL_checkstring(L, 4)};
    luaL_checktype(L, 5, LUA_TTABLE);
    r.body = luaL_optlstring(L, 6, "", &r.body_length);
    r.deadline = luaL_checknumber(L, 7);
    lua_Number max_body = luaL_checknumber(L, 8);
    luaL_argcheck(L, max_body >= 0 && max_body <= MAX_BODY, 8, "size out of range");
    r.max_body = (size_t)max_body;
    r.minting = lua_toboolean(L, 9);
    return r;
}

/* Nothing in here can throw: numbers are not turned into strings. */
static bool add_fields(lua_State *L, http_transfer *t) {
    for (int i = 1;; i++) {
        lua_rawgeti(L, 5, i);
        int type = lua_type(L, -1);
        size_t length = 0;
        const char *text = type == LUA_TSTRING ? lua_tolstring(L, -1, &length) : "";
        lua_pop(L, 1); /* the table keeps the string */
        if (type == LUA_TNIL) return true;
        if (!http_field(t, text, length)) return false;
    }
}

/* Returns the running transfer, or NULL with the failure pushed. */
static http_transfer *start(lua_State *L, int *pushed) {
    http_crowd *crowd = crowd_of(L);
    int pool = (int)luaL_checkinteger(L, 2);
    http_request request = request_of(L);
    if (http_crowd_foreign(crowd)) {
        *pushed = push_forked(L);
        return NULL;
    }
    http_transfer *t = http_checkout(crowd, pool);
    if (t == NULL) luaL_error(L, "%s: no such pool, or out of memory", CROWD);
    if (add_fields(L, t) && http_start(t, &request)) return t;
    *pushed = report(L, t);
    return NULL;
}

static int l_start(lua_State *L) {
    int pushed = 0;
    http_transfer *t = start(L, &pushed);
    if (t == NULL) return pushed;
    lua_pushinteger(L, http_id(t));
    return 1;
}

static int l_perform(lua_State *L) {
    int pushed = 0;
    http_transfer *t = start(L, &pushed);
    if (t == NULL) return pushed;
    http_run(t);
    return report(L, t);
}

static int l_wait(lua_State *L) {
    http_crowd *crowd = crowd_of(L);
    double seconds = luaL_optnumber(L, 2, -1.0);
    if (!http_crowd_foreign(crowd)) http_wait(crowd, seconds);
    return 0;
}

static int l_next(lua_State *L) {
    http_crowd *crowd = crowd_of(L);
    http_transfer *t = http_crowd_foreign(crowd) ? NULL : http_next(crowd);
    if (t == NULL) return 0;
    lua_pushinteger(L, http_id(t));
    return 1 + report(L, t);
}

static int l_drop(lua_State *L) {
    http_crowd *crowd = crowd_of(L);
    int id = (int)luaL_checkinteger(L, 2);
    http_transfer *t = http_crowd_foreign(crowd) ? NULL : http_find(crowd, id);
    lua_pushboolean(L, t == NULL || http_was_sent(t));
    if (t != NULL) http_recycle(t);
    return 1;
}

static int l_timeout(lua_State *L) {
    double seconds = http_timeout(crowd_of(L));
    if (seconds < 0) lua_pushnil(L);
    else lua_pushnumber(L, seconds);
    return 1;
}

static int l_pollfd(lua_State *L) {
    lua_pushinteger(L, http_pollfd(crowd_of(L)));
    return 1;
}

static int l_running(lua_State *L) {
    lua_pushinteger(L, http_running(crowd_of(L)));
    return 1;
}

static int l_alarm(lua_State *L) {
    http_crowd *crowd = crowd_of(L);
    double seconds = luaL_optnumber(L, 2, -1.0);
    lua_pushboolean(L, !http_crowd_foreign(crowd) && http_alarm(crowd, seconds));
    return 1;
}

static int l_foreign(lua_State *L) {
    lua_pushboolean(L, http_crowd_foreign(crowd_of(L)));
    return 1;
}

static const luaL_Reg methods[] = {
    {"pool", l_pool},       {"close_pool", l_close_pool},
    {"perform", l_perform}, {"start", l_start},
    {"wait", l_wait},       {"next", l_next},
    {"drop", l_drop},       {"timeout", l_timeout},
    {"pollfd", l_pollfd},   {"running", l_running},
    {"alarm", l_alarm},     {"foreign", l_foreign},
    {"close", l_close},     {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", l_close},
    {"__close", l_close},
    {"__tostring", l_tostring},
    {NULL, NULL},
};

/* A name server that is slow to answer is waited for in a thread of libcurl's that nobody joins.
 * It must find its code in place even after lua_close has unloaded this module. */
static void stay_loaded(void) {
    Dl_info info;
    if (dladdr((void *)(size_t)stay_loaded, &info) == 0) return;
    dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

LCOG_EXPORT int luaopen_cognito_http(lua_State *L);

int luaopen_cognito_http(lua_State *L) {
    stay_loaded();
    lcog_newclass(L, CROWD, methods, metamethods, 0);
    lua_newtable(L);
    lua_pushcfunction(L, l_crowd);
    lua_setfield(L, -2, "crowd");
    return 1;
}
