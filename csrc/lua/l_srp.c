/* cognito.core: SRP.
 *   srp([bits]) -> exchange                   bits of a: 256 to 1024, 320 unless given
 *   srp_fixed(a_hex) -> exchange              a known a: for known answers, never for a sign-in
 *   exchange:public() -> A in hex
 *   exchange:claim(domain, user, password, salt, b, block, timestamp) -> signature
 *       answers once; salt and b in hex, block in base64, all as the server sent them
 *   exchange:close()
 *   srp_verifier(domain, user, password, salt) -> v, padded octets; the salt is octets too
 *   srp_device(group_key, key) -> password, salt, verifier, each in base64; proven by a local sign-in
 * domain and user are pool name and USER_ID_FOR_SRP, or device group key and device key. */
#include "core_topics.h"

#include "../core/srp.h"

#include <openssl/crypto.h>

#define CLASS "cognito.core.srp"

struct exchange {
    cog_srp *srp;
};

/* The group is made at the first use: most states never sign in by SRP. */
static const cog_srp_group *check_group(lua_State *L) {
    struct core_state *state = core_checkstate(L);
    if (!state->group) state->group = cog_srp_group_new();
    if (!state->group) luaL_error(L, "cognito.core: OpenSSL gives no memory for SRP");
    return state->group;
}

static struct exchange *new_exchange(lua_State *L) {
    struct exchange *exchange = lua_newuserdata(L, sizeof *exchange);
    exchange->srp = NULL;
    lcog_setclass(L, CLASS);
    return exchange;
}

static cog_srp *check_srp(lua_State *L) {
    struct exchange *exchange = lcog_checkudata(L, 1, CLASS);
    luaL_argcheck(L, exchange->srp, 1, "the exchange is closed");
    return exchange->srp;
}

static int l_srp(lua_State *L) {
    lua_Integer bits = luaL_optinteger(L, 1, COG_SRP_BITS);
    luaL_argcheck(L, bits >= COG_SRP_BITS_MIN && bits <= COG_SRP_BITS_MAX, 1, "256 to 1024 expected");
    const cog_srp_group *group = check_group(L);
    struct exchange *exchange = new_exchange(L);
    exchange->srp = cog_srp_new(group, (int)bits);
    return exchange->srp ? 1 : lcog_fail(L, COG_CRYPTO);
}

static int l_srp_fixed(lua_State *L) {
    cog_slice a = lcog_checkslice(L, 1);
    const cog_srp_group *group = check_group(L);
    struct exchange *exchange = new_exchange(L);
    exchange->srp = cog_srp_fixed(group, a);
    return exchange->srp ? 1 : lcog_fail(L, COG_BAD_HEX);
}

static int exchange_public(lua_State *L) {
    char hex[COG_SRP_HEX];
    lua_pushlstring(L, hex, cog_srp_public(check_srp(L), hex));
    return 1;
}

static int exchange_claim(lua_State *L) {
    cog_srp *srp = check_srp(L);
    const cog_srp_identity who = {lcog_checkslice(L, 2), lcog_checkslice(L, 3), lcog_checkslice(L, 4)};
    const cog_srp_challenge challenge = {lcog_checkslice(L, 5), lcog_checkslice(L, 6), lcog_checkslice(L, 7),
                                         lcog_checkslice(L, 8)};
    char signature[COG_SRP_SIGNATURE_SIZE];
    cog_err error = cog_srp_claim(check_group(L), srp, &who, &challenge, signature);
    if (error) return lcog_fail(L, error);
    lua_pushlstring(L, signature, sizeof signature);
    return 1;
}

static int exchange_close(lua_State *L) {
    struct exchange *exchange = lcog_checkudata(L, 1, CLASS);
    cog_srp *srp = exchange->srp;
    exchange->srp = NULL;
    cog_srp_free(srp);
    return 0;
}

static int exchange_tostring(lua_State *L) {
    struct exchange *exchange = lcog_checkudata(L, 1, CLASS);
    lua_pushfstring(L, CLASS " (%s)", exchange->srp ? "open" : "closed");
    return 1;
}

static int l_srp_verifier(lua_State *L) {
    const cog_srp_identity who = {lcog_checkslice(L, 1), lcog_checkslice(L, 2), lcog_checkslice(L, 3)};
    unsigned char v[COG_SRP_PADDED];
    size_t len = 0;
    cog_err error = cog_srp_verifier(check_group(L), &who, lcog_checkslice(L, 4), v, &len);
    if (error) return lcog_fail(L, error);
    lua_pushlstring(L, (const char *)v, len);
    return 1;
}

static int l_srp_device(lua_State *L) {
    cog_slice group_key = lcog_checkslice(L, 1), key = lcog_checkslice(L, 2);
    cog_srp_device device;
    cog_err error = cog_srp_device_new(check_group(L), group_key, key, &device);
    if (!error) {
        lua_pushstring(L, device.password);
        lua_pushstring(L, device.salt);
        lua_pushstring(L, device.verifier);
    }
    OPENSSL_cleanse(&device, sizeof device);
    return error ? lcog_fail(L, error) : 3;
}

static const luaL_Reg functions[] = {
    {"srp", l_srp},
    {"srp_fixed", l_srp_fixed},
    {"srp_verifier", l_srp_verifier},
    {"srp_device", l_srp_device},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    {"public", exchange_public}, {"claim", exchange_claim}, {"close", exchange_close}, {NULL, NULL}};

static const luaL_Reg meta[] = {
    {"__gc", exchange_close}, {"__close", exchange_close}, {"__tostring", exchange_tostring}, {NULL, NULL}};

static void classes(lua_State *L) {
    lua_pushvalue(L, -1);
    lcog_newclass(L, CLASS, methods, meta, 1);
}

const struct core_topic core_srp = {functions, classes};
