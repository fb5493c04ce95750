/* What every binding needs: Lua 5.1 (PUC, LuaJIT) and 5.4 under one spelling, strict arguments, failures.
 * Our own names: LuaJIT's headers declare some of luaL_setfuncs, luaL_testudata, ... and PUC 5.1's do not. */
#ifndef LCOG_H
#define LCOG_H

#include "../cognito.h"

#include <lauxlib.h>
#include <lua.h>

#if LUA_VERSION_NUM < 502
#define lua_rawlen lua_objlen
#endif
#if LUA_VERSION_NUM >= 504
#undef lua_newuserdata
#define lua_newuserdata(L, size) lua_newuserdatauv(L, size, 0)
#endif

#define LCOG_EXPORT __attribute__((visibility("default")))

/* Adds the functions to the table below `upvalues` values, which all of them share; pops these. */
void lcog_setfuncs(lua_State *L, const luaL_Reg *list, int upvalues);

/* Makes the class `name` (a metatable in the registry): `methods` are its __index, `meta` its metamethods; either
 * may be NULL. All share `upvalues` values from the top, which are popped. */
void lcog_newclass(lua_State *L, const char *name, const luaL_Reg *methods, const luaL_Reg *meta, int upvalues);
void lcog_setclass(lua_State *L, const char *name);

/* The userdata at `arg`; an argument error when it is not of that class. */
void *lcog_checkudata(lua_State *L, int arg, const char *name);

/* A string, not a number that would do as one. The slice lives as long as the argument does. */
cog_slice lcog_checkslice(lua_State *L, int arg);

void lcog_pushslice(lua_State *L, cog_slice slice);

/* Room for `size` octets: the caller's own, or else a userdata, which is pushed. Neither needs a free, so nothing is
 * lost when Lua throws; whoever has put a secret in wipes it. */
static inline void *lcog_room(lua_State *L, void *own, size_t own_size, size_t size) {
    return size <= own_size ? own : lua_newuserdata(L, size);
}

/* Zeroes a copy of something that may be secret, at the price of a memset. */
void lcog_wipe(void *data, size_t size);

/* nil, code, message */
int lcog_fail(lua_State *L, cog_err error);

#endif
