/* cognito.core: base64, base64url, hex, header fields and plain text. */
#include "core_topics.h"
#include "../core/b64.h"
#include "../core/header.h"
#include "../core/plain.h"

#include <string.h>

enum { SMALL = 512 };

static int encode(lua_State *L, size_t size, void (*codec)(const unsigned char *, size_t, char *)) {
    cog_slice in = lcog_checkslice(L, 1);
    char small[SMALL];
    char *out = lcog_room(L, small, sizeof small, size);
    codec(in.data, in.len, out);
    lua_pushlstring(L, out, size);
    lcog_wipe(out, size);
    return 1;
}

static int decode(lua_State *L, size_t room, cog_err (*codec)(const char *, size_t, unsigned char *, size_t *)) {
    cog_slice in = lcog_checkslice(L, 1);
    unsigned char small[SMALL];
    unsigned char *out = lcog_room(L, small, sizeof small, room);
    size_t len;
    cog_err error = codec((const char *)in.data, in.len, out, &len);
    if (!error) lua_pushlstring(L, (const char *)out, len);
    lcog_wipe(out, room);
    return error ? lcog_fail(L, error) : 1;
}

static int l_b64_encode(lua_State *L) {
    return encode(L, cog_b64_size(lcog_checkslice(L, 1).len), cog_b64_encode);
}

static int l_b64url_encode(lua_State *L) {
    return encode(L, cog_b64url_size(lcog_checkslice(L, 1).len), cog_b64url_encode);
}

static int l_hex_encode(lua_State *L) {
    return encode(L, 2 * lcog_checkslice(L, 1).len, cog_hex_encode);
}

static int l_b64_decode(lua_State *L) {
    return decode(L, cog_b64_room(lcog_checkslice(L, 1).len), cog_b64_decode);
}

static int l_b64url_decode(lua_State *L) {
    return decode(L, cog_b64_room(lcog_checkslice(L, 1).len), cog_b64url_decode);
}

static int l_hex_decode(lua_State *L) {
    return decode(L, lcog_checkslice(L, 1).len / 2, cog_hex_decode);
}

/* header(block, name) -> value | nil */
static int l_header(lua_State *L) {
    cog_slice value;
    if (cog_header_find(lcog_checkslice(L, 1), lcog_checkslice(L, 2), &value)) lcog_pushslice(L, value);
    else lua_pushnil(L);
    return 1;
}

/* json_plain(value) -> whether it is a string that can stand between the marks of a JSON string as it is */
static int l_json_plain(lua_State *L) {
    bool plain = lua_type(L, 1) == LUA_TSTRING;
    if (plain) {
        cog_slice text = lcog_checkslice(L, 1);
        plain = cog_json_plain(text) == text.len;
    }
    lua_pushboolean(L, plain);
    return 1;
}

/* count_up(text) -> the text with the decimal number at its end one higher */
static int l_count_up(lua_State *L) {
    cog_slice text = lcog_checkslice(L, 1);
    char small[SMALL];
    char *out = lcog_room(L, small, sizeof small, text.len + 1);
    size_t at = text.len, len = text.len;
    if (len > 0) memcpy(out, text.data, len);
    while (at > 0 && out[at - 1] == '9') out[--at] = '0';
    if (at > 0 && out[at - 1] >= '0' && out[at - 1] < '9') {
        out[at - 1]++;
    } else {
        memmove(out + at + 1, out + at, len++ - at);
        out[at] = '1';
    }
    lua_pushlstring(L, out, len);
    return 1;
}

static const luaL_Reg functions[] = {
    {"b64_encode", l_b64_encode},       {"b64_decode", l_b64_decode}, {"b64url_encode", l_b64url_encode},
    {"b64url_decode", l_b64url_decode}, {"hex_encode", l_hex_encode}, {"hex_decode", l_hex_decode},
    {"header", l_header},               {"json_plain", l_json_plain}, {"count_up", l_count_up}, {NULL, NULL},
};

const struct core_topic core_codec = {functions, NULL};
