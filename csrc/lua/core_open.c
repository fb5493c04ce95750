/* cognito.core: puts the topics into one module. */
#define _DEFAULT_SOURCE 1 /* getentropy */
#include "core_json.h"

#include <openssl/crypto.h>
#include <openssl/opensslv.h>
#include <unistd.h>

#define CLASS "cognito.core.state"

static const struct core_topic *const topics[] = {
    &core_codec,
    &core_mac,
    &core_seal,
    &core_srp,
    &core_json,
    &core_json_write,
    &core_text,
    &core_jwt,
};

/* A module built for one major version of OpenSSL crashes or, worse, half works in a process that runs another
 * (nginx and OpenResty often bring their own). */
static void check_openssl(lua_State *L) {
    unsigned running = OPENSSL_version_major();
    if (running == OPENSSL_VERSION_MAJOR) return;
    luaL_error(L, "cognito.core was built for OpenSSL %d but this process runs %s; build it against the same one",
               OPENSSL_VERSION_MAJOR, OpenSSL_version(OPENSSL_VERSION));
}

static int close_state(lua_State *L) {
    struct core_state *state = lcog_checkudata(L, 1, CLASS);
    cog_mac *mac = state->mac;
    state->mac = NULL;
    state->closed = true;
    cog_mac_free(mac);
    cog_srp_group *group = state->group;
    state->group = NULL;
    cog_srp_group_free(group);
    return 0;
}

static const luaL_Reg state_meta[] = {{"__gc", close_state}, {NULL, NULL}};

struct core_state *core_checkstate(lua_State *L) {
    struct core_state *state = lua_touserdata(L, lua_upvalueindex(1));
    if (state->closed) luaL_error(L, "cognito.core is closed: the Lua state is ending");
    return state;
}

/* Made when it is first needed: fetching algorithms starts OpenSSL's providers, which takes longer than reading a
 * stored token or building a request without a secret. */
cog_mac *core_checkmac(lua_State *L) {
    struct core_state *state = core_checkstate(L);
    if (!state->mac) state->mac = cog_mac_new();
    if (!state->mac) luaL_error(L, "cognito.core: OpenSSL gives no HMAC or no SHA-256");
    return state->mac;
}

/* The seed comes from the system: it keeps hash slots apart and no secret, and OpenSSL's generator costs most of a
 * millisecond to start, which a program that only reads a stored token need not pay. */
static void push_state(lua_State *L) {
    struct core_state *state = lua_newuserdata(L, sizeof *state);
    state->mac = NULL;
    state->group = NULL;
    state->closed = false;
    lcog_newclass(L, CLASS, NULL, state_meta, 0);
    lcog_setclass(L, CLASS);
    if (getentropy(state->seed, sizeof state->seed) != 0) luaL_error(L, "cognito.core: the system gives no entropy");
}

LCOG_EXPORT int luaopen_cognito_core(lua_State *L);

int luaopen_cognito_core(lua_State *L) {
    check_openssl(L);
    lua_newtable(L);
    push_state(L);
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        if (topics[i]->classes) topics[i]->classes(L);
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lcog_setfuncs(L, topics[i]->functions, 1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    core_push_lifetime(L);
    lua_setfield(L, -2, "lifetime");
    return 1;
}
