/* cognito.core: what a person may have typed, held against a rule. */
#include "core_topics.h"
#include "../core/text.h"

static const char *const forms[] = {"any",    "no_blanks", "no_spaces", "name",   "word",
                                    "id",     "base64",    "token",     "digits", "constant",
                                    NULL};
_Static_assert(sizeof forms / sizeof *forms == COG_FORM_COUNT + 1, "a name for each form");

static const char *const faults[] = {NULL, "nul", "utf8", "length", "form"};

struct rule {
    cog_form form;
    size_t min, max;
};

static size_t check_length(lua_State *L, int arg) {
    lua_Integer value = luaL_checkinteger(L, arg);
    luaL_argcheck(L, value >= 0, arg, "a length is not negative");
    return (size_t)value;
}

/* A form and two lengths from `first` on. */
static struct rule check_rule(lua_State *L, int first) {
    return (struct rule){(cog_form)luaL_checkoption(L, first, NULL, forms), check_length(L, first + 1),
                         check_length(L, first + 2)};
}

static const char *fault_of(lua_State *L, int index, struct rule rule) {
    if (lua_type(L, index) != LUA_TSTRING) return "type";
    return faults[cog_text_check(lcog_checkslice(L, index), rule.form, rule.min, rule.max)];
}

/* text_fault(value, form, min, max) -> nil: a string of that form, `min` to `max` characters long; else the first of
 * "type", "nul", "utf8", "length", "form" that is wrong with it */
static int l_text_fault(lua_State *L) {
    const char *fault = fault_of(L, 1, check_rule(L, 2));
    if (!fault) return 0;
    lua_pushstring(L, fault);
    return 1;
}

enum { LIKELY_MEMBERS = 5 };

/* The option and its value on top, their entry in the plan above them: into the table at 3 when the value fits. */
static bool take_text(lua_State *L) {
    int entry = lua_gettop(L);
    if (!lua_istable(L, entry)) return false;
    for (int i = 1; i <= 4; i++) lua_rawgeti(L, entry, i);
    if (lua_isnil(L, entry + 1) || fault_of(L, entry - 1, check_rule(L, entry + 2))) return false;
    lua_pushvalue(L, entry + 1);
    lua_pushvalue(L, entry - 1);
    lua_rawset(L, 3);
    return true;
}

/* take_texts(plan, given) -> members, all: those values of `given` that are texts and fit their rules, by the names that
 * the plan has for them (plan[option] = {member, form, min, max}); and whether these are all values. */
static int l_take_texts(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_createtable(L, 0, LIKELY_MEMBERS);
    bool all = true;
    for (lua_pushnil(L); lua_next(L, 2); lua_settop(L, 4)) {
        lua_pushvalue(L, 4);
        lua_rawget(L, 1);
        all = take_text(L) && all;
    }
    lua_pushboolean(L, all);
    return 2;
}

/* A name and its value on top: into the list at 8 when both fit. */
static bool take_pair(lua_State *L, int index, struct rule name, struct rule value) {
    if (fault_of(L, -2, name) || fault_of(L, -1, value)) return false;
    lua_createtable(L, 0, 2);
    lua_pushliteral(L, "Name");
    lua_pushvalue(L, -4);
    lua_rawset(L, -3);
    lua_pushliteral(L, "Value");
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_rawseti(L, 8, index);
    return true;
}

/* take_pairs(table, form, min, max, form, min, max) -> list of {Name, Value} | nil: the table's names and values, when all
 * names fit the first rule and all values the second */
static int l_take_pairs(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    struct rule name = check_rule(L, 2), value = check_rule(L, 5);
    lua_settop(L, 7);
    lua_newtable(L);
    int count = 0;
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        if (!take_pair(L, ++count, name, value)) return 0;
    }
    return 1;
}

/* utf8_sound(text) -> octets at its start that are sound UTF-8 */
static int l_utf8_sound(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)cog_text_sound(lcog_checkslice(L, 1)));
    return 1;
}

static const luaL_Reg functions[] = {
    {"text_fault", l_text_fault}, {"take_texts", l_take_texts}, {"take_pairs", l_take_pairs},
    {"utf8_sound", l_utf8_sound}, {NULL, NULL},
};

const struct core_topic core_text = {functions, NULL};
