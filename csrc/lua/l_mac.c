/* cognito.core: digests, MACs, random octets. */
#include "core_topics.h"

#include <openssl/crypto.h>

enum { RANDOM_MAX = 65536 };

static int push_digest(lua_State *L, cog_err error, const unsigned char *digest, size_t size) {
    if (error) return lcog_fail(L, error);
    lua_pushlstring(L, (const char *)digest, size);
    return 1;
}

static int l_sha256(lua_State *L) {
    unsigned char out[COG_SHA256_SIZE];
    cog_slice text = lcog_checkslice(L, 1);
    return push_digest(L, cog_sha256(core_checkmac(L), text, out), out, sizeof out);
}

/* fingerprint(text) -> 64 hex digits */
static int l_fingerprint(lua_State *L) {
    char out[COG_FINGERPRINT_SIZE];
    cog_err error = cog_fingerprint(lcog_checkslice(L, 1), out);
    return push_digest(L, error, (const unsigned char *)out, sizeof out);
}

static int l_hmac_sha256(lua_State *L) {
    unsigned char out[COG_SHA256_SIZE];
    cog_slice key = lcog_checkslice(L, 1), text = lcog_checkslice(L, 2);
    return push_digest(L, cog_hmac_sha256(core_checkmac(L), key, &text, 1, out), out, sizeof out);
}

static int l_hmac_sha1(lua_State *L) {
    unsigned char out[COG_SHA1_SIZE];
    return push_digest(L, cog_hmac_sha1(lcog_checkslice(L, 1), lcog_checkslice(L, 2), out), out, sizeof out);
}

/* secret_hash(secret, username, client_id) -> base64 */
static int l_secret_hash(lua_State *L) {
    cog_slice secret = lcog_checkslice(L, 1), username = lcog_checkslice(L, 2), client = lcog_checkslice(L, 3);
    char out[COG_SECRET_HASH_SIZE];
    cog_err error = cog_secret_hash(core_checkmac(L), secret, username, client, out);
    return push_digest(L, error, (const unsigned char *)out, sizeof out);
}

static int l_equal(lua_State *L) {
    lua_pushboolean(L, cog_equal(lcog_checkslice(L, 1), lcog_checkslice(L, 2)));
    return 1;
}

/* random(n) -> n octets, 1 to 65536 */
static int l_random(lua_State *L) {
    lua_Integer n = luaL_checkinteger(L, 1);
    luaL_argcheck(L, n >= 1 && n <= RANDOM_MAX, 1, "1 to 65536 expected");
    unsigned char small[64];
    unsigned char *out = lcog_room(L, small, sizeof small, (size_t)n);
    cog_err error = cog_random(out, (size_t)n);
    if (error) return lcog_fail(L, error);
    lua_pushlstring(L, (const char *)out, (size_t)n);
    OPENSSL_cleanse(out, (size_t)n);
    return 1;
}

static int l_uuid(lua_State *L) {
    char out[COG_UUID_SIZE];
    return push_digest(L, cog_uuid(out), (const unsigned char *)out, sizeof out);
}

static const luaL_Reg functions[] = {
    {"sha256", l_sha256},           {"fingerprint", l_fingerprint}, {"hmac_sha256", l_hmac_sha256},
    {"hmac_sha1", l_hmac_sha1},     {"secret_hash", l_secret_hash}, {"equal", l_equal},
    {"random", l_random},           {"uuid", l_uuid},               {NULL, NULL},
};

const struct core_topic core_mac = {functions, NULL};
