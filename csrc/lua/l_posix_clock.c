/* cognito.posix: clocks and the process. */
#include "l_posix.h"

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

static const luaL_Reg functions[] = {
    {"now", l_now},       {"monotime", l_monotime}, {"boottime", l_boottime}, {"sleep", l_sleep},
    {"getpid", l_getpid}, {NULL, NULL},
};

const struct posix_topic posix_clock = {functions, NULL};
