/* cognito.core: Lua values as JSON text, in one pass. */
#include "core_topics.h"
#include "../core/json_write.h"
#include "../core/plain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The arguments, and the slot that keeps the text once it has outgrown the C stack. */
enum { VALUE = 1, LIST, RAW, ANY_OCTETS, SLOT };

enum { SMALL = 8192, REAL_ROOM = 40 };

/* Lua may throw while there is text in `small` or in the slot's userdata: neither is lost then. */
struct writer {
    lua_State *L;
    bool any_octets;
    unsigned char *start, *at, *end;
    unsigned char small[SMALL];
};

static void grow(struct writer *w, size_t more) {
    size_t len = (size_t)(w->at - w->start), size = 2 * (size_t)(w->end - w->start);
    if (size < len + more) size = len + more;
    unsigned char *room = lua_newuserdata(w->L, size);
    memcpy(room, w->start, len);
    lcog_wipe(w->start, len);
    lua_replace(w->L, SLOT);
    w->start = room;
    w->at = room + len;
    w->end = room + size;
}

static cog_err reserve(struct writer *w, size_t more) {
    if (more <= (size_t)(w->end - w->at)) return COG_OK;
    if (more > COG_JSON_MAX || (size_t)(w->at - w->start) > COG_JSON_MAX - more) return COG_TOO_LARGE;
    grow(w, more);
    return COG_OK;
}

static cog_err put(struct writer *w, const void *text, size_t len) {
    cog_err error = reserve(w, len);
    if (error) return error;
    memcpy(w->at, text, len);
    w->at += len;
    return COG_OK;
}

static cog_err put_char(struct writer *w, char c) {
    cog_err error = reserve(w, 1);
    if (!error) *w->at++ = (unsigned char)c;
    return error;
}

/* The string at `index`. */
static cog_err put_string(struct writer *w, int index) {
    cog_slice text;
    text.data = (const unsigned char *)lua_tolstring(w->L, index, &text.len);
    if (text.len > COG_JSON_MAX) return COG_TOO_LARGE;
    size_t plain = cog_json_plain(text);
    cog_err error = reserve(w, cog_json_string_room(text, plain));
    if (error) return error;
    unsigned char *end = cog_json_put_string(w->at, text, plain, w->any_octets);
    if (!end) return COG_BAD_UTF8;
    w->at = end;
    return COG_OK;
}

static cog_err put_integer(struct writer *w, int64_t value) {
    cog_err error = reserve(w, COG_JSON_INTEGER_ROOM);
    if (!error) w->at = cog_json_put_integer(w->at, value);
    return error;
}

/* The decimal point of a locale, be it several octets, as JSON writes it. */
static size_t mend_point(char *text) {
    char *out = text;
    for (const char *p = text; *p; p++) {
        bool own = (*p >= '0' && *p <= '9') || strchr("+-e", *p);
        if (own) *out++ = *p;
        else if (out == text || out[-1] != '.') *out++ = '.';
    }
    return (size_t)(out - text);
}

/* A time: with three digits behind the point and no more it is a quotient of whole numbers, which reads as it was. */
static bool is_short(double value) {
    return value > 0 && value < 1e12 && (double)(int64_t)(value * 1000 + 0.5) / 1000 == value;
}

static cog_err put_short(struct writer *w, double value) {
    int64_t thousandths = (int64_t)(value * 1000 + 0.5), rest = thousandths % 1000;
    cog_err error = put_integer(w, thousandths / 1000);
    char digits[] = {'.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10), (char)('0' + rest % 10)};
    size_t len = rest == 0 ? 0 : rest % 100 == 0 ? 2 : rest % 10 == 0 ? 3 : 4;
    return error ? error : put(w, digits, len);
}

/* The shorter of two forms that reads as the same number. */
static cog_err put_real(struct writer *w, double value) {
    char text[REAL_ROOM];
    if (!isfinite(value)) return COG_NUMBER_RANGE;
    if (is_short(value)) return put_short(w, value);
    snprintf(text, sizeof text, "%.15g", value);
    if (strtod(text, NULL) != value) snprintf(text, sizeof text, "%.17g", value);
    return put(w, text, mend_point(text));
}

static cog_err put_number(struct writer *w, int index) {
    const double exact = 9007199254740992; /* 2^53 */
#if LUA_VERSION_NUM >= 503
    if (lua_isinteger(w->L, index)) return put_integer(w, lua_tointeger(w->L, index));
#endif
    double value = lua_tonumber(w->L, index);
    if (value > -exact && value < exact && value == (double)(int64_t)value) return put_integer(w, (int64_t)value);
    return put_real(w, value);
}

static cog_err put_value(struct writer *w, int depth);

/* The value on top is written and popped. */
static cog_err put_and_pop(struct writer *w, int depth) {
    cog_err error = put_value(w, depth);
    lua_pop(w->L, 1);
    return error;
}

static cog_err put_member(struct writer *w, int depth) {
    if (lua_type(w->L, -2) != LUA_TSTRING) return COG_UNWRITABLE;
    cog_err error = put_string(w, -2);
    if (!error) error = put_char(w, ':');
    return error ? error : put_and_pop(w, depth);
}

static cog_err put_object(struct writer *w, int depth) {
    cog_err error = put_char(w, '{');
    bool first = true;
    for (lua_pushnil(w->L); !error && lua_next(w->L, -2); first = false) {
        if (!first) error = put_char(w, ',');
        if (!error) error = put_member(w, depth);
    }
    return error ? error : put_char(w, '}');
}

/* A list has no other members, which would be lost without a word. Who marks one that is not empty has made it. */
static bool is_sequence(lua_State *L, size_t length, int mark) {
    if (mark == LIST && length > 0) return true;
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, -2); count++) lua_pop(L, 1);
    return count == length;
}

static cog_err put_list(struct writer *w, int depth, int mark) {
    size_t length = lua_rawlen(w->L, -1);
    if (!is_sequence(w->L, length, mark)) return COG_UNWRITABLE;
    cog_err error = put_char(w, '[');
    for (size_t i = 1; i <= length && !error; i++) {
        if (i > 1) error = put_char(w, ',');
        if (error) break;
        lua_rawgeti(w->L, -1, (int)i);
        error = put_and_pop(w, depth);
    }
    return error ? error : put_char(w, ']');
}

/* Which of the two marks the table on top has, or neither: 0. */
static int mark_of(lua_State *L) {
    if (!lua_getmetatable(L, -1)) return 0;
    int mark = lua_rawequal(L, -1, LIST) ? LIST : lua_rawequal(L, -1, RAW) ? RAW : 0;
    lua_pop(L, 1);
    return mark;
}

static cog_err put_raw(struct writer *w) {
    lua_rawgeti(w->L, -1, 1);
    cog_slice text = lcog_checkslice(w->L, -1);
    cog_err error = put(w, text.data, text.len);
    lua_pop(w->L, 1);
    return error;
}

static bool has_first(lua_State *L) {
    lua_rawgeti(L, -1, 1);
    bool has = !lua_isnil(L, -1);
    lua_pop(L, 1);
    return has;
}

static cog_err put_table(struct writer *w, int depth) {
    if (depth > COG_JSON_DEPTH_MAX || !lua_checkstack(w->L, 4)) return COG_TOO_DEEP;
    int mark = mark_of(w->L);
    if (mark == RAW) return put_raw(w);
    return mark == LIST || has_first(w->L) ? put_list(w, depth, mark) : put_object(w, depth);
}

static cog_err put_value(struct writer *w, int depth) {
    switch (lua_type(w->L, -1)) {
    case LUA_TSTRING: return put_string(w, -1);
    case LUA_TTABLE: return put_table(w, depth + 1);
    case LUA_TNUMBER: return put_number(w, -1);
    case LUA_TBOOLEAN: return lua_toboolean(w->L, -1) ? put(w, "true", 4) : put(w, "false", 5);
    case LUA_TLIGHTUSERDATA: return lua_touserdata(w->L, -1) ? COG_UNWRITABLE : put(w, "null", 4);
    default: return COG_UNWRITABLE;
    }
}

/* json_encode(value, list, raw, any_octets) -> text | nil, code, message. Tables with the metatable `list` are lists,
 * also empty ones; with `raw`, JSON text that stands at 1. `any_octets`: strings that are not UTF-8 are written all
 * the same. No metamethod is called. */
static int l_json_encode(lua_State *L) {
    struct writer w;
    w.L = L;
    w.start = w.at = w.small;
    w.end = w.small + sizeof w.small;
    luaL_checkany(L, VALUE);
    lua_settop(L, SLOT);
    w.any_octets = lua_toboolean(L, ANY_OCTETS);
    lua_pushvalue(L, VALUE);
    cog_err error = put_value(&w, 0);
    if (!error) lua_pushlstring(L, (const char *)w.start, (size_t)(w.at - w.start));
    lcog_wipe(w.start, (size_t)(w.at - w.start));
    if (!error) return 1;
    lua_settop(L, 0);
    return lcog_fail(L, error);
}

static const luaL_Reg functions[] = {{"json_encode", l_json_encode}, {NULL, NULL}};

const struct core_topic core_json_write = {functions, NULL};
