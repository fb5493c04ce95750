/* cognito.core: what a person may have typed, held against a rule. */
#include "core_topics.h"
#include "../core/text.h"

static const char *const forms[] = {"any",    "no_blanks", "no_spaces", "name",   "word",
                                    "id",     "base64",    "token",     "digits", "constant",
                                    NULL};
_Static_assert(sizeof forms / sizeof *forms == COG_FORM_COUNT + 1, "a name for each form");

static const char *const faults[] = {NULL, "nul", "utf8", "length", "form"};

static size_t check_length(lua_State *L, int arg) {
    lua_Integer value = luaL_checkinteger(L, arg);
    luaL_argcheck(L, value >= 0, arg, "a length is not negative");
    return (size_t)value;
}

/* text_fault(value, form, min, max) -> nil: a string of that form, `min` to `max` characters long; else the first of
 * "type", "nul", "utf8", "length", "form" that is wrong with it */
static int l_text_fault(lua_State *L) {
    if (lua_type(L, 1) != LUA_TSTRING) {
        lua_pushliteral(L, "type");
        return 1;
    }
    cog_form form = (cog_form)luaL_checkoption(L, 2, NULL, forms);
    const char *fault = faults[cog_text_check(lcog_checkslice(L, 1), form, check_length(L, 3), check_length(L, 4))];
    if (!fault) return 0;
    lua_pushstring(L, fault);
    return 1;
}

/* utf8_sound(text) -> octets at its start that are sound UTF-8 */
static int l_utf8_sound(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)cog_text_sound(lcog_checkslice(L, 1)));
    return 1;
}

static const luaL_Reg functions[] = {{"text_fault", l_text_fault}, {"utf8_sound", l_utf8_sound}, {NULL, NULL}};

const struct core_topic core_text = {functions, NULL};
