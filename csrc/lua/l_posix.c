/* cognito.posix: the module table and its clocks. The other topics have an l_posix_*.c each. */
#include "../posix/posix.h"

#include <lua.h>
#include <lauxlib.h>
#include <unistd.h>

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
    lua_pushinteger(L, getpid());
    return 1;
}

static const luaL_Reg clock_functions[] = {
    {"now", l_now},     {"monotime", l_monotime}, {"boottime", l_boottime},
    {"sleep", l_sleep}, {"getpid", l_getpid},     {NULL, NULL},
};

static void add_functions(lua_State *L, const luaL_Reg *list) {
    for (; list->name != NULL; list++) {
        lua_pushcfunction(L, list->func);
        lua_setfield(L, -2, list->name);
    }
}

__attribute__((visibility("default"))) int luaopen_cognito_posix(lua_State *L);

int luaopen_cognito_posix(lua_State *L) {
    lua_newtable(L);
    add_functions(L, clock_functions);
    return 1;
}
