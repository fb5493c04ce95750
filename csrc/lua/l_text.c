/* cognito.core: what a person may have typed, held against a rule. */
#include "core_topics.h"
#include "../core/json.h"
#include "../core/text.h"

#include <string.h>

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

/* ---- options as members of a request ---- */

enum { NAME_ROOM = 32, ROOM_FOR_MORE = 2 /* members that come later: the client's id and hash */ };

struct name {
    size_t len;
    char text[NAME_ROOM];
};

/* What becomes of one option: a text, or a table of names and values that becomes a list of Name and Value. */
struct entry {
    struct name option, member;
    bool pairs;
    struct rule rule, value; /* of the text; of the names and of the values */
};

struct plan {
    int count;
    struct entry entries[];
};

/* Upvalues of a taker, and where it keeps things. */
enum { PLAN = 1, LIST_MARK };
enum { GIVEN = 1, MEMBERS, OPTION, VALUE, PAIRS, PAIR_NAME, PAIR_VALUE };

static void push_name(lua_State *L, const struct name *name) {
    lua_pushlstring(L, name->text, name->len);
}

static const struct entry *find(const struct plan *plan, cog_slice option) {
    for (int i = 0; i < plan->count; i++) {
        const struct name *name = &plan->entries[i].option;
        if (cog_slice_is(option, name->text, name->len)) return &plan->entries[i];
    }
    return NULL;
}

static void add_pair(lua_State *L, int index) {
    lua_createtable(L, 0, 2);
    lua_pushliteral(L, "Name");
    lua_pushvalue(L, PAIR_NAME);
    lua_rawset(L, -3);
    lua_pushliteral(L, "Value");
    lua_pushvalue(L, PAIR_VALUE);
    lua_rawset(L, -3);
    lua_rawseti(L, PAIRS, index);
}

/* Pushes the list that the table at VALUE becomes; false when something in it does not fit. */
static bool push_pairs(lua_State *L, const struct entry *entry) {
    if (!lua_istable(L, VALUE)) return false;
    lua_newtable(L);
    lua_pushvalue(L, lua_upvalueindex(LIST_MARK));
    lua_setmetatable(L, PAIRS);
    int count = 0;
    for (lua_pushnil(L); lua_next(L, VALUE); lua_settop(L, PAIR_NAME)) {
        if (fault_of(L, PAIR_NAME, entry->rule) || fault_of(L, PAIR_VALUE, entry->value)) return false;
        add_pair(L, ++count);
    }
    return true;
}

static bool take_entry(lua_State *L, const struct entry *entry) {
    if (entry->pairs ? !push_pairs(L, entry) : fault_of(L, VALUE, entry->rule) != NULL) return false;
    push_name(L, &entry->member);
    lua_pushvalue(L, entry->pairs ? PAIRS : VALUE);
    lua_rawset(L, MEMBERS);
    return true;
}

static int take(lua_State *L) {
    const struct plan *plan = lua_touserdata(L, lua_upvalueindex(PLAN));
    luaL_checktype(L, GIVEN, LUA_TTABLE);
    lua_settop(L, GIVEN);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_createtable(L, 0, plan->count + ROOM_FOR_MORE);
    bool all = true;
    for (lua_pushnil(L); lua_next(L, GIVEN); lua_settop(L, OPTION)) {
        bool named = lua_type(L, OPTION) == LUA_TSTRING;
        const struct entry *entry = named ? find(plan, lcog_checkslice(L, OPTION)) : NULL;
        all = entry && take_entry(L, entry) && all;
    }
    lua_pushboolean(L, all);
    return 2;
}

static struct name check_name(lua_State *L, int index) {
    struct name name;
    cog_slice text = lcog_checkslice(L, index);
    luaL_argcheck(L, text.len <= sizeof name.text, 1, "a name is too long");
    name.len = text.len;
    memcpy(name.text, text.data, text.len);
    return name;
}

/* Reads the row on top: {option, member, form, min, max} and, of pairs, form, min and max of the values. */
static void read_entry(lua_State *L, struct entry *entry) {
    int row = lua_gettop(L);
    luaL_checktype(L, row, LUA_TTABLE);
    int fields = (int)lua_rawlen(L, row);
    luaL_argcheck(L, fields == 5 || fields == 8, 1, "a row has five or eight fields");
    for (int i = 1; i <= fields; i++) lua_rawgeti(L, row, i);
    entry->option = check_name(L, row + 1);
    entry->member = check_name(L, row + 2);
    entry->rule = check_rule(L, row + 3);
    entry->pairs = fields == 8;
    if (entry->pairs) entry->value = check_rule(L, row + 6);
}

/* taker(rows, list_mark) -> function(given) -> members, all. The function gives those values of `given` that fit their
 * rows, by the names that these have for members; and whether these are all values. No metamethod is called. */
static int l_taker(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    int count = (int)lua_rawlen(L, 1);
    struct plan *plan = lua_newuserdata(L, sizeof *plan + (size_t)count * sizeof *plan->entries);
    plan->count = count;
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, 1, i + 1);
        read_entry(L, &plan->entries[i]);
        lua_settop(L, 3);
    }
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, take, 2);
    return 1;
}

/* utf8_sound(text) -> octets at its start that are sound UTF-8 */
static int l_utf8_sound(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)cog_text_sound(lcog_checkslice(L, 1)));
    return 1;
}

static const luaL_Reg functions[] = {
    {"text_fault", l_text_fault}, {"taker", l_taker}, {"utf8_sound", l_utf8_sound}, {NULL, NULL},
};

const struct core_topic core_text = {functions, NULL};
