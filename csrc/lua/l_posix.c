/* cognito.posix: puts the topics into one module. */
#include "l_posix.h"

#include <string.h>

static const struct posix_topic *const topics[] = {
    &posix_clock,
    &posix_files,
    &posix_desk,
};

int posix_fail(lua_State *L, int result) {
    lua_pushnil(L);
    lua_pushstring(L, pos_code(result));
    lua_pushstring(L, pos_message(result));
    return 3;
}

int posix_done(lua_State *L, int result) {
    if (result < 0) return posix_fail(L, result);
    lua_pushboolean(L, 1);
    return 1;
}

const char *posix_checkname(lua_State *L, int arg) {
    size_t length;
    luaL_checktype(L, arg, LUA_TSTRING);
    const char *name = lua_tolstring(L, arg, &length);
    luaL_argcheck(L, strlen(name) == length, arg, "a zero byte in a name");
    return name;
}

LCOG_EXPORT int luaopen_cognito_posix(lua_State *L);

int luaopen_cognito_posix(lua_State *L) {
    lua_newtable(L);
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        if (topics[i]->classes != NULL) topics[i]->classes(L);
        lcog_setfuncs(L, topics[i]->functions, 0);
    }
    return 1;
}
