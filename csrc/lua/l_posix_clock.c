/* cognito.posix: clocks and the process.
 *
 *   now() monotime() boottime()  -> seconds
 *   sleep(seconds)
 *   getpid()                     -> the number of this process
 *   reserve()                    -> reserve: a descriptor that means nothing; reserve:close() makes room for another
 *
 * Failures are nil, code, message. */
#include "l_posix.h"

#include <unistd.h>

#define RESERVE "cognito.posix.reserve"

struct reserve {
    int fd; /* -1: closed */
};

static int l_now(lua_State *L) {
    lua_pushnumber(L, pos_now());
    return 1;
}

static int l_monotime(lua_State *L) {
    lua_pushnumber(L, pos_monotime());
    return 1;
}

static int l_boottime(lua_State *L) {
    lua_pushnumber(L, pos_boottime());
    return 1;
}

static int l_sleep(lua_State *L) {
    pos_sleep(luaL_checknumber(L, 1));
    return 0;
}

static int l_getpid(lua_State *L) {
    lua_pushinteger(L, pos_pid());
    return 1;
}

static int l_reserve(lua_State *L) {
    struct reserve *reserve = lua_newuserdata(L, sizeof *reserve);
    reserve->fd = -1;
    lcog_setclass(L, RESERVE);
    int result = pos_reserve();
    if (result < 0) return posix_fail(L, result);
    reserve->fd = result;
    return 1;
}

static int reserve_close(lua_State *L) {
    struct reserve *reserve = lcog_checkudata(L, 1, RESERVE);
    int fd = reserve->fd;
    reserve->fd = -1;
    if (fd >= 0) close(fd);
    return 0;
}

static const luaL_Reg reserve_methods[] = {{"close", reserve_close}, {NULL, NULL}};
static const luaL_Reg reserve_meta[] = {{"__gc", reserve_close}, {"__close", reserve_close}, {NULL, NULL}};

static void make_classes(lua_State *L) {
    lcog_newclass(L, RESERVE, reserve_methods, reserve_meta, 0);
}

static const luaL_Reg functions[] = {
    {"now", l_now},       {"monotime", l_monotime}, {"boottime", l_boottime}, {"sleep", l_sleep},
    {"getpid", l_getpid}, {"reserve", l_reserve},   {NULL, NULL},
};

const struct posix_topic posix_clock = {functions, make_classes};
