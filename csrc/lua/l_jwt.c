/* cognito.core: tokens, key sets, policies and verdicts. */
#include "core_json.h"
#include "../core/verify.h"

#include <openssl/crypto.h>
#include <string.h>

#define KEYS "cognito.core.jwks"
#define POLICY "cognito.core.policy"

/* ---- tokens that nobody vouches for ------------------------------------------------------------------------------ */

static void push_time(lua_State *L, const cog_time *time) {
    if (!time->present) lua_pushboolean(L, 0);
    else if (time->is_integer) lua_pushinteger(L, (lua_Integer)time->integer);
    else lua_pushnumber(L, time->real);
}

/* jwt_times(token) -> exp | false, iat | false, nbf | false; nil, code, message */
static int l_jwt_times(lua_State *L) {
    cog_time times[3];
    cog_err error = cog_jwt_times(core_checkstate(L)->seed, lcog_checkslice(L, 1), times);
    if (error) return lcog_fail(L, error);
    for (int i = 0; i < 3; i++) push_time(L, &times[i]);
    return 3;
}

/* A number that no double can hold is out of a claim's range, and makes a header no header. */
static cog_err payload_error(cog_err error) {
    return error == COG_NUMBER_RANGE ? COG_CLAIM_RANGE : error;
}

static cog_err push_payload(lua_State *L, cog_slice part) {
    return payload_error(core_push_part(L, part, core_checkstate(L)->seed, COG_PAYLOAD_NOT_OBJECT));
}

static cog_err header_error(cog_err error) {
    return error == COG_NUMBER_RANGE ? COG_BAD_JSON : error;
}

static cog_err push_header(lua_State *L, cog_slice part) {
    return header_error(core_push_part(L, part, core_checkstate(L)->seed, COG_HEADER_NOT_OBJECT));
}

/* A token of ordinary size is decoded once, on the C stack. */
static cog_err decode_small(lua_State *L, cog_slice token) {
    cog_jws jws;
    const unsigned char *seed = core_checkstate(L)->seed;
    cog_err error = cog_jws_open(&jws, token);
    if (error) return error;
    error = header_error(core_push_json(L, jws.header, jws.header_len, seed, COG_HEADER_NOT_OBJECT));
    if (!error)
        error = payload_error(core_push_json(L, jws.payload, jws.payload_len, seed, COG_PAYLOAD_NOT_OBJECT));
    cog_jws_close(&jws);
    return error;
}

/* A large one a second time, part by part: nothing that must be freed may be live while Lua makes values. */
static cog_err decode_large(lua_State *L, cog_slice token) {
    cog_slice parts[3];
    cog_jws jws;
    cog_err error = cog_jws_open(&jws, token);
    if (error) return error;
    cog_jws_close(&jws);
    error = cog_jws_split(token, parts);
    if (!error) error = push_header(L, parts[0]);
    if (!error) error = push_payload(L, parts[1]);
    return error;
}

/* jwt_decode(token) -> claims, header; nil, code, message */
static int l_jwt_decode(lua_State *L) {
    cog_slice token = lcog_checkslice(L, 1);
    lua_settop(L, 1);
    cog_err error = token.len <= COG_JWS_SMALL ? decode_small(L, token) : decode_large(L, token);
    if (error) return lcog_fail(L, error);
    lua_insert(L, 2);
    return 2;
}

/* jwt_issuer(token) -> the "iss" that it claims to have; nil, code, message */
static int l_jwt_issuer(lua_State *L) {
    unsigned char issuer[COG_ISSUER_MAX];
    size_t len;
    cog_err error = cog_jwt_issuer(core_checkstate(L)->seed, lcog_checkslice(L, 1), issuer, &len);
    if (error) return lcog_fail(L, error);
    lua_pushlstring(L, (const char *)issuer, len);
    return 1;
}

/* ---- key sets ---------------------------------------------------------------------------------------------------- */

static int close_keys(lua_State *L) {
    cog_jwks **keys = lcog_checkudata(L, 1, KEYS);
    cog_jwks *old = *keys;
    *keys = NULL;
    cog_jwks_free(old);
    return 0;
}

static cog_jwks *check_keys(lua_State *L, int arg) {
    cog_jwks **keys = lcog_checkudata(L, arg, KEYS);
    luaL_argcheck(L, *keys != NULL, arg, "the key set is closed");
    return *keys;
}

/* jwks(text) -> key set; nil, code, message */
static int l_jwks(lua_State *L) {
    cog_slice text = lcog_checkslice(L, 1);
    cog_jwks **keys = lua_newuserdata(L, sizeof *keys);
    *keys = NULL;
    lcog_setclass(L, KEYS);
    cog_err error = cog_jwks_read(text, core_checkstate(L)->seed, keys);
    return error ? lcog_fail(L, error) : 1;
}

/* keys:usable() -> how many keys can verify */
static int l_usable(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)cog_jwks_usable(check_keys(L, 1)));
    return 1;
}

static const luaL_Reg keys_methods[] = {{"usable", l_usable}, {NULL, NULL}};
static const luaL_Reg keys_meta[] = {{"__gc", close_keys}, {NULL, NULL}};

/* ---- policies ---------------------------------------------------------------------------------------------------- */

static int close_policy(lua_State *L) {
    cog_policy **policy = lcog_checkudata(L, 1, POLICY);
    cog_policy *old = *policy;
    *policy = NULL;
    cog_policy_free(old);
    return 0;
}

static cog_policy *check_policy(lua_State *L, int arg) {
    cog_policy **policy = lcog_checkudata(L, arg, POLICY);
    luaL_argcheck(L, *policy != NULL, arg, "the policy is closed");
    return *policy;
}

/* Adds the strings of options[name], an array or nothing. */
static void add_list(lua_State *L, cog_policy *policy, const char *name, cog_policy_list list) {
    lua_getfield(L, 1, name);
    if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TTABLE) luaL_error(L, "%s: an array of strings expected", name);
    for (int i = 1, last = lua_isnil(L, -1) ? 0 : (int)lua_rawlen(L, -1); i <= last; i++) {
        lua_rawgeti(L, -1, i);
        cog_slice value = lcog_checkslice(L, -1);
        if (cog_policy_add(policy, list, value)) luaL_error(L, "not enough memory");
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static bool is_false(lua_State *L, const char *name) {
    lua_getfield(L, 1, name);
    bool result = lua_isboolean(L, -1) && !lua_toboolean(L, -1);
    lua_pop(L, 1);
    return result;
}

static void set_use(lua_State *L, cog_policy *policy) {
    lua_getfield(L, 1, "token_use");
    const char *use = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    if (is_false(L, "token_use")) cog_policy_use(policy, COG_USE_EITHER);
    else if (strcmp(use, "id") == 0) cog_policy_use(policy, COG_USE_ID);
    else if (strcmp(use, "access") != 0) luaL_error(L, "token_use: \"access\", \"id\" or false expected");
    lua_pop(L, 1);
}

static lua_Number number_option(lua_State *L, const char *name, lua_Number otherwise) {
    lua_getfield(L, 1, name);
    lua_Number value = luaL_optnumber(L, -1, otherwise);
    lua_pop(L, 1);
    return value;
}

/* policy{ issuers=, clients= (or false), token_use= (or false), groups=, scopes=, leeway=, max_future_iat= } */
static int l_policy(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    cog_policy **policy = lua_newuserdata(L, sizeof *policy);
    *policy = NULL;
    lcog_setclass(L, POLICY);
    if (!(*policy = cog_policy_new())) luaL_error(L, "not enough memory");
    add_list(L, *policy, "issuers", COG_ISSUERS);
    if (is_false(L, "clients")) cog_policy_any_client(*policy);
    else add_list(L, *policy, "clients", COG_CLIENTS);
    set_use(L, *policy);
    add_list(L, *policy, "groups", COG_GROUPS);
    add_list(L, *policy, "scopes", COG_SCOPES);
    cog_policy_leeway(*policy, number_option(L, "leeway", 0));
    cog_policy_max_future_iat(*policy, number_option(L, "max_future_iat", -1));
    return 1;
}

static const luaL_Reg policy_meta[] = {{"__gc", close_policy}, {NULL, NULL}};

/* ---- verdicts ---------------------------------------------------------------------------------------------------- */

static cog_verifier verifier(lua_State *L, int keys_arg) {
    cog_mac *mac = core_checkmac(L);
    const cog_jwks *keys = lua_isnoneornil(L, keys_arg) ? NULL : check_keys(L, keys_arg);
    return (cog_verifier){mac, core_checkstate(L)->seed, keys};
}

static cog_err judge(lua_State *L, cog_slice token) {
    cog_verifier by = verifier(L, 2);
    return cog_jwt_verify(&by, check_policy(L, 3), luaL_checknumber(L, 4), token);
}

/* jwt_check(token, keys | nil, policy, now) -> true; nil, code, message. No keys: "kid_unknown" at the latest. */
static int l_jwt_check(lua_State *L) {
    cog_err error = judge(L, lcog_checkslice(L, 1));
    if (error) return lcog_fail(L, error);
    lua_pushboolean(L, 1);
    return 1;
}

enum { WANTED_MAX = 16, NAMES = 5 };

/* The names at stack index NAMES, whose table keeps the strings. 0: none are named, and all claims are wanted. */
static size_t check_names(lua_State *L, cog_wanted *wanted) {
    if (lua_isnoneornil(L, NAMES)) return 0;
    luaL_checktype(L, NAMES, LUA_TTABLE);
    size_t count = lua_rawlen(L, NAMES);
    luaL_argcheck(L, count > 0 && count <= WANTED_MAX, NAMES, "1 to 16 names expected");
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, NAMES, (int)i + 1);
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, NAMES, "an array of strings expected");
        wanted[i] = (cog_wanted){.name = lcog_checkslice(L, -1)};
        lua_pop(L, 1);
    }
    return count;
}

static cog_err push_wanted(lua_State *L, unsigned char *payload, const cog_wanted *wanted, size_t count,
                           const unsigned char *seed) {
    lua_createtable(L, 0, (int)count);
    for (size_t i = 0; i < count; i++) {
        if (!wanted[i].len) continue;
        lua_rawgeti(L, NAMES, (int)i + 1);
        cog_err error = core_push_json(L, payload + wanted[i].at, wanted[i].len, seed, COG_OK);
        if (error) return payload_error(error);
        if (lua_islightuserdata(L, -1)) lua_pop(L, 2); /* null, as in a table of all claims */
        else lua_rawset(L, -3);
    }
    return COG_OK;
}

/* A token of ordinary size is decoded once; judging its claims uses up a copy of them. */
static cog_err verify_small(lua_State *L, cog_slice token) {
    cog_jws jws;
    unsigned char copy[COG_JWS_SMALL];
    cog_wanted wanted[WANTED_MAX];
    cog_verifier by = verifier(L, 2);
    const cog_policy *policy = check_policy(L, 3);
    double now = luaL_checknumber(L, 4);
    size_t count = check_names(L, wanted);
    cog_err error = cog_jws_verify(&by, token, &jws);
    if (error) return error;
    size_t len = jws.payload_len;
    memcpy(copy, jws.payload, len);
    error = cog_claims_judge(policy, by.seed, now, copy, len, wanted, count);
    if (!error && count) error = push_wanted(L, jws.payload, wanted, count, by.seed);
    else if (!error) error = payload_error(core_push_json(L, jws.payload, len, by.seed, COG_PAYLOAD_NOT_OBJECT));
    OPENSSL_cleanse(copy, len);
    cog_jws_close(&jws);
    return error;
}

static cog_err verify_large(lua_State *L, cog_slice token) {
    cog_slice parts[3];
    cog_err error = judge(L, token);
    if (!error) error = cog_jws_split(token, parts);
    return error ? error : push_payload(L, parts[1]);
}

/* jwt_verify(token, keys | nil, policy, now [, names]): the same, giving the claims instead of true; with names these
 * at least: a token beyond COG_JWS_SMALL gives all. */
static int l_jwt_verify(lua_State *L) {
    cog_slice token = lcog_checkslice(L, 1);
    cog_err error = token.len <= COG_JWS_SMALL ? verify_small(L, token) : verify_large(L, token);
    return error ? lcog_fail(L, error) : 1;
}

/* jws_verify(token, keys) -> payload (octets), header (a table); nil, code, message */
static int l_jws_verify(lua_State *L) {
    cog_slice token = lcog_checkslice(L, 1), parts[3];
    cog_verifier by = verifier(L, 2);
    cog_jws jws;
    cog_err error = cog_jws_verify(&by, token, &jws);
    if (error) return lcog_fail(L, error);
    cog_jws_close(&jws);
    error = cog_jws_split(token, parts);
    if (error) return lcog_fail(L, error);
    lua_settop(L, 2);
    core_push_octets(L, parts[1]);
    error = push_header(L, parts[0]);
    return error ? lcog_fail(L, error) : 2;
}

static void make_classes(lua_State *L) {
    lcog_newclass(L, KEYS, keys_methods, keys_meta, 0);
    lcog_newclass(L, POLICY, NULL, policy_meta, 0);
}

static const luaL_Reg functions[] = {
    {"jwt_times", l_jwt_times}, {"jwt_decode", l_jwt_decode}, {"jwt_issuer", l_jwt_issuer},
    {"jwt_check", l_jwt_check}, {"jwt_verify", l_jwt_verify}, {"jws_verify", l_jws_verify},
    {"jwks", l_jwks},           {"policy", l_policy},         {NULL, NULL},
};

const struct core_topic core_jwt = {functions, make_classes};
