/* cognito.core: sealing of records. */
#include "core_topics.h"
#include "../core/seal.h"

#include <openssl/crypto.h>

static cog_slice check_key(lua_State *L, int arg) {
    cog_slice key = lcog_checkslice(L, arg);
    luaL_argcheck(L, key.len == COG_SEAL_KEY_SIZE, arg, "a key of 32 octets expected");
    return key;
}

/* seal(key, aad, text) -> octets */
static int l_seal(lua_State *L) {
    cog_slice key = check_key(L, 1), aad = lcog_checkslice(L, 2), text = lcog_checkslice(L, 3);
    if (text.len > COG_SEAL_MAX) return lcog_fail(L, COG_TOO_LARGE);
    size_t size = text.len + COG_SEAL_OVERHEAD;
    unsigned char *out = lua_newuserdata(L, size);
    cog_err error = cog_seal(core_checkmac(L), key.data, aad, text, out);
    if (error) return lcog_fail(L, error);
    lua_pushlstring(L, (const char *)out, size);
    return 1;
}

/* unseal(key, aad, octets) -> text */
static int l_unseal(lua_State *L) {
    cog_slice key = check_key(L, 1), aad = lcog_checkslice(L, 2), sealed = lcog_checkslice(L, 3);
    if (sealed.len < COG_SEAL_OVERHEAD) return lcog_fail(L, COG_SEAL_FORMAT);
    if (sealed.len - COG_SEAL_OVERHEAD > COG_SEAL_MAX) return lcog_fail(L, COG_TOO_LARGE);
    size_t size = sealed.len - COG_SEAL_OVERHEAD;
    unsigned char *out = lua_newuserdata(L, size + 1);
    cog_err error = cog_unseal(core_checkmac(L), key.data, aad, sealed, out);
    if (error) return lcog_fail(L, error);
    lua_pushlstring(L, (const char *)out, size);
    OPENSSL_cleanse(out, size);
    return 1;
}

static const luaL_Reg functions[] = {{"seal", l_seal}, {"unseal", l_unseal}, {NULL, NULL}};

const struct core_topic core_seal = {functions, NULL};
