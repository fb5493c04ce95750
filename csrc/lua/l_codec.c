/* cognito.core: base64, base64url, hex, header fields and plain text. */
#include "core_topics.h"
#include "../core/b64.h"
#include "../core/header.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Room for `n` octets that dies with the Lua stack: no free, so nothing is lost when a push throws. */
enum { SMALL = 512 };

static int encode(lua_State *L, size_t size, void (*codec)(const unsigned char *, size_t, char *)) {
    cog_slice in = lcog_checkslice(L, 1);
    char small[SMALL];
    char *out = size <= sizeof small ? small : lua_newuserdata(L, size);
    codec(in.data, in.len, out);
    lua_pushlstring(L, out, size);
    return 1;
}

static int decode(lua_State *L, size_t room, cog_err (*codec)(const char *, size_t, unsigned char *, size_t *)) {
    cog_slice in = lcog_checkslice(L, 1);
    unsigned char small[SMALL];
    unsigned char *out = room <= sizeof small ? small : lua_newuserdata(L, room);
    size_t len;
    cog_err error = codec((const char *)in.data, in.len, out, &len);
    if (error) return lcog_fail(L, error);
    lua_pushlstring(L, (const char *)out, len);
    return 1;
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

/* Nothing but printable ASCII without quotation mark and backslash. */
static bool is_plain_octet(unsigned char c) {
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* The length of a prefix that was seen to be plain, sixteen octets at a time: a refresh token has 1.7 KiB. */
static size_t plain_blocks(const char *text, size_t len) {
    size_t i = 0;
#ifdef __SSE2__
    const __m128i space = _mm_set1_epi8(0x20), mark = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    for (; len - i >= 16; i += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
        /* the comparison is signed: octets from 0x80 on are below the space too */
        __m128i odd = _mm_or_si128(_mm_cmplt_epi8(block, space),
                                   _mm_or_si128(_mm_cmpeq_epi8(block, mark), _mm_cmpeq_epi8(block, backslash)));
        if (_mm_movemask_epi8(odd) != 0) break;
    }
#endif
    return i;
}

static bool is_plain(const char *text, size_t len) {
    for (size_t i = plain_blocks(text, len); i < len; i++) {
        if (!is_plain_octet((unsigned char)text[i])) return false;
    }
    return true;
}

/* json_plain(value) -> whether it is a string that can stand between the marks of a JSON string as it is */
static int l_json_plain(lua_State *L) {
    size_t len = 0;
    const char *text = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &len) : NULL;
    lua_pushboolean(L, text != NULL && is_plain(text, len));
    return 1;
}

static const luaL_Reg functions[] = {
    {"b64_encode", l_b64_encode},       {"b64_decode", l_b64_decode}, {"b64url_encode", l_b64url_encode},
    {"b64url_decode", l_b64url_decode}, {"hex_encode", l_hex_encode}, {"hex_decode", l_hex_decode},
    {"header", l_header},               {"json_plain", l_json_plain}, {NULL, NULL},
};

const struct core_topic core_codec = {functions, NULL};
