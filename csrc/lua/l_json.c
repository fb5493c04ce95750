/* cognito.core: the strict JSON reader. What it reads may hold tokens: its copies of the text are wiped. (When Lua runs
 * out of memory in between they are not; what remains then lies on the C stack or in a userdata.) */
#include "core_json.h"
#include "../core/b64.h"
#include "../core/json.h"
#include "../core/reader.h"

#include <string.h>

/* Most tables are a token's claims, which have about this many members. */
enum { LIKELY_MEMBERS = 16 };

struct builder {
    lua_State *L;
    cog_json json;
    int members; /* that the outermost object is likely to have */
    int lengths[COG_JSON_DEPTH_MAX]; /* elements of an open array so far, OBJECT for an object */
};

enum { OBJECT = -1 };

static void begin(struct builder *b, cog_json_event event) {
    bool object = event == COG_JSON_OBJECT;
    luaL_checkstack(b->L, 4, "JSON text nested too deeply");
    lua_createtable(b->L, 0, object && b->json.depth == 1 ? b->members : 0);
    b->lengths[b->json.depth - 1] = object ? OBJECT : 0;
}

static bool in_object(const struct builder *b) {
    return b->json.depth > 0 && b->lengths[b->json.depth - 1] == OBJECT;
}

/* Pushes a value that is no container; false: it is a null that is left out. */
static bool push_scalar(struct builder *b, cog_json_event event) {
    switch (event) {
    case COG_JSON_STRING: lcog_pushslice(b->L, b->json.string); return true;
    case COG_JSON_INTEGER: lua_pushinteger(b->L, (lua_Integer)b->json.integer); return true;
    case COG_JSON_REAL: lua_pushnumber(b->L, b->json.real); return true;
    case COG_JSON_NULL:
        if (in_object(b)) {
            lua_pop(b->L, 1); /* its name */
            return false;
        }
        lua_pushlightuserdata(b->L, NULL);
        return true;
    default: lua_pushboolean(b->L, event == COG_JSON_TRUE); return true;
    }
}

/* The value on top goes into what is open; the outermost stays. */
static void store(struct builder *b) {
    if (b->json.depth == 0) return;
    int *length = &b->lengths[b->json.depth - 1];
    if (*length == OBJECT) lua_rawset(b->L, -3);
    else lua_rawseti(b->L, -2, ++*length);
}

static void add(struct builder *b, cog_json_event event) {
    switch (event) {
    case COG_JSON_NAME: lcog_pushslice(b->L, b->json.string); break;
    case COG_JSON_OBJECT:
    case COG_JSON_ARRAY: begin(b, event); break;
    case COG_JSON_OBJECT_END:
    case COG_JSON_ARRAY_END: store(b); break;
    default:
        if (push_scalar(b, event)) store(b);
    }
}

static cog_err build(struct builder *b, cog_err not_object) {
    cog_json_event first = cog_json_next(&b->json), event = first;
    for (; event != COG_JSON_END && event != COG_JSON_FAIL; event = cog_json_next(&b->json)) add(b, event);
    if (event == COG_JSON_FAIL) return b->json.error;
    return first == COG_JSON_OBJECT ? COG_OK : not_object;
}

cog_err core_push_json(lua_State *L, unsigned char *text, size_t len, const unsigned char *seed, cog_err not_object) {
    uint32_t small[320];
    uint32_t names = cog_json_names((cog_slice){text, len});
    struct builder b;
    b.L = L;
    b.members = names < LIKELY_MEMBERS ? (int)names : LIKELY_MEMBERS;
    int top = lua_gettop(L);
    size_t size = cog_json_work(names);
    void *work = lcog_room(L, small, sizeof small, size);
    int base = lua_gettop(L);
    cog_json_init(&b.json, text, len, names, work, seed);
    cog_err error = build(&b, not_object);
    if (error) lua_settop(L, top);
    else if (base > top) lua_remove(L, base);
    return error;
}

static cog_err push_decoded(lua_State *L, cog_slice part, unsigned char *room, const unsigned char *seed,
                            cog_err not_object) {
    size_t len;
    if (cog_b64url_decode((const char *)part.data, part.len, room, &len)) return COG_MALFORMED;
    return core_push_json(L, room, len, seed, not_object);
}

cog_err core_push_part(lua_State *L, cog_slice part, const unsigned char *seed, cog_err not_object) {
    unsigned char small[CORE_TEXT_SMALL];
    size_t size = cog_b64_room(part.len);
    unsigned char *room = lcog_room(L, small, sizeof small, size);
    int index = lua_gettop(L);
    cog_err error = push_decoded(L, part, room, seed, not_object);
    lcog_wipe(room, size);
    if (room != small) lua_remove(L, index);
    return error;
}

void core_push_octets(lua_State *L, cog_slice part) {
    unsigned char small[CORE_TEXT_SMALL];
    size_t size = cog_b64_room(part.len), len = 0;
    unsigned char *room = lcog_room(L, small, sizeof small, size);
    cog_b64url_decode((const char *)part.data, part.len, room, &len);
    lua_pushlstring(L, (const char *)room, len);
    lcog_wipe(room, size);
    if (room != small) lua_remove(L, -2);
}

/* json_decode(text) -> value | nil, code, message */
static int l_json_decode(lua_State *L) {
    cog_slice text = lcog_checkslice(L, 1);
    unsigned char small[CORE_TEXT_SMALL];
    unsigned char *copy = lcog_room(L, small, sizeof small, text.len);
    memcpy(copy, text.data, text.len);
    cog_err error = core_push_json(L, copy, text.len, core_checkstate(L)->seed, COG_OK);
    lcog_wipe(copy, text.len);
    return error ? lcog_fail(L, error) : 1;
}

/* ---- the answer that is read most often: one with tokens ---- */

enum { ACCESS, ID, REFRESH, TOKENS };
#define LIFETIME_MAX 0x80000000 /* seconds */

static const char *const token_names[TOKENS] = {"AccessToken", "IdToken", "RefreshToken"};

struct result {
    cog_slice tokens[TOKENS];
    int64_t lifetime;
    bool whole;
};

/* Takes a member of the result. False: it is not one of those that are always there, or its value is odd. */
static bool take_token(cog_json *json, struct result *r) {
    cog_slice name = json->string;
    cog_json_event value = cog_json_next(json);
    if (COG_IS(name, "ExpiresIn")) {
        r->lifetime = json->integer;
        return value == COG_JSON_INTEGER && r->lifetime >= 0 && r->lifetime <= LIFETIME_MAX;
    }
    if (value != COG_JSON_STRING) return false;
    for (int i = 0; i < TOKENS; i++) {
        if (!cog_slice_is(name, token_names[i], strlen(token_names[i]))) continue;
        r->tokens[i] = json->string;
        return json->plain && json->string.len > 0;
    }
    return COG_IS(name, "TokenType");
}

/* Takes a member of the answer. */
static bool take_member(cog_json *json, void *context) {
    struct result *r = context;
    bool is_result = COG_IS(json->string, "AuthenticationResult");
    cog_json_event event = cog_json_next(json);
    if (!is_result) return cog_json_skip(json, event);
    if (event != COG_JSON_OBJECT) return false;
    while ((event = cog_json_next(json)) == COG_JSON_NAME)
        if (!take_token(json, r)) return false;
    return r->whole = event == COG_JSON_OBJECT_END;
}

void core_push_lifetime(lua_State *L) {
    lua_pushlightuserdata(L, (void *)(size_t)token_names);
}

static void push_tokens(lua_State *L, const struct result *r) {
    lua_createtable(L, 0, TOKENS + 1);
    core_push_lifetime(L);
    lua_pushinteger(L, (lua_Integer)r->lifetime);
    lua_rawset(L, -3);
    for (int i = 0; i < TOKENS; i++) {
        if (r->tokens[i].data == NULL) continue;
        lcog_pushslice(L, r->tokens[i]);
        lua_setfield(L, -2, token_names[i]);
    }
}

/* json_tokens(text) -> the tokens of an answer in which nothing is unusual: each is printable ASCII, the access token
 * is there, and so is ExpiresIn, which lies under the key core.lifetime, that no text can bring about. Nothing for any
 * other text: json_decode says what it is */
static int l_json_tokens(lua_State *L) {
    cog_slice text = lcog_checkslice(L, 1);
    unsigned char small[CORE_TEXT_SMALL];
    unsigned char *copy = lcog_room(L, small, sizeof small, text.len);
    struct result result = {.lifetime = -1};
    memcpy(copy, text.data, text.len);
    cog_err error = cog_read_object(copy, text.len, core_checkstate(L)->seed, take_member, &result, COG_BAD_JSON);
    bool usual = !error && result.whole && result.lifetime >= 0 && result.tokens[ACCESS].data != NULL;
    if (usual) push_tokens(L, &result);
    lcog_wipe(copy, text.len);
    return usual;
}

/* Replaces the table on top by a copy that shares no table with it. */
static void copy_table(lua_State *L, int depth) {
    if (depth > COG_JSON_DEPTH_MAX) luaL_error(L, "nested too deeply to be copied");
    luaL_checkstack(L, 5, "nested too deeply to be copied");
    lua_createtable(L, (int)lua_rawlen(L, -1), depth == 1 ? LIKELY_MEMBERS : 0);
    for (lua_pushnil(L); lua_next(L, -3) != 0;) {
        if (lua_type(L, -1) == LUA_TTABLE) copy_table(L, depth + 1);
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    lua_remove(L, -2);
}

/* copy(table) -> a deep copy of what json_decode can give */
static int l_copy(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    copy_table(L, 1);
    return 1;
}

static const luaL_Reg functions[] = {
    {"json_decode", l_json_decode}, {"json_tokens", l_json_tokens}, {"copy", l_copy}, {NULL, NULL}};

const struct core_topic core_json = {functions, NULL};
