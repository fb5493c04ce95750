#include "lcog.h"

#include <string.h>

void lcog_setfuncs(lua_State *L, const luaL_Reg *list, int upvalues) {
    luaL_checkstack(L, upvalues + 1, "too many upvalues");
    for (; list->name; list++) {
        for (int i = 0; i < upvalues; i++) lua_pushvalue(L, -upvalues);
        lua_pushcclosure(L, list->func, upvalues);
        lua_setfield(L, -(upvalues + 2), list->name);
    }
    lua_pop(L, upvalues);
}

/* Adds the functions to the table on top, sharing the values below it. */
static void share(lua_State *L, const luaL_Reg *list, int upvalues) {
    for (int i = 0; i < upvalues; i++) lua_pushvalue(L, -1 - upvalues);
    lcog_setfuncs(L, list, upvalues);
}

void lcog_newclass(lua_State *L, const char *name, const luaL_Reg *methods, const luaL_Reg *meta, int upvalues) {
    luaL_checkstack(L, 2 * upvalues + 4, "too many upvalues");
    luaL_newmetatable(L, name);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    if (meta) share(L, meta, upvalues);
    if (methods) {
        lua_insert(L, -1 - upvalues);
        lua_newtable(L);
        lua_insert(L, -1 - upvalues);
        lcog_setfuncs(L, methods, upvalues);
        lua_setfield(L, -2, "__index");
        lua_pop(L, 1);
    } else {
        lua_pop(L, 1 + upvalues);
    }
}

void lcog_setclass(lua_State *L, const char *name) {
    luaL_getmetatable(L, name);
    lua_setmetatable(L, -2);
}

static void *test_userdata(lua_State *L, int arg, const char *name) {
    void *object = lua_touserdata(L, arg);
    if (!object || !lua_getmetatable(L, arg)) return NULL;
    luaL_getmetatable(L, name);
    int same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same ? object : NULL;
}

static int type_error(lua_State *L, int arg, const char *wanted) {
    const char *message = lua_pushfstring(L, "%s expected, got %s", wanted, luaL_typename(L, arg));
    return luaL_argerror(L, arg, message);
}

void *lcog_checkudata(lua_State *L, int arg, const char *name) {
    void *object = test_userdata(L, arg, name);
    if (!object) type_error(L, arg, name);
    return object;
}

cog_slice lcog_checkslice(lua_State *L, int arg) {
    if (lua_type(L, arg) != LUA_TSTRING) type_error(L, arg, "string");
    cog_slice slice;
    slice.data = (const unsigned char *)lua_tolstring(L, arg, &slice.len);
    return slice;
}

void lcog_pushslice(lua_State *L, cog_slice slice) {
    lua_pushlstring(L, (const char *)slice.data, slice.len);
}

/* Called through a pointer that the compiler must read, so that it cannot leave the call out; several times faster
 * than OPENSSL_cleanse, which is felt where whole answers are wiped. */
static void *(*const volatile fill)(void *, int, size_t) = memset;

void lcog_wipe(void *data, size_t size) {
    fill(data, 0, size);
}

int lcog_fail(lua_State *L, cog_err error) {
    lua_pushnil(L);
    lua_pushstring(L, cog_err_name(error));
    lua_pushstring(L, cog_err_text(error));
    return 3;
}
