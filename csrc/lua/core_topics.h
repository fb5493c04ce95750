/* The topics of cognito.core. A new binding file defines one `struct core_topic`, declares it here and adds it to
 * the list in core_open.c. */
#ifndef CORE_TOPICS_H
#define CORE_TOPICS_H

#include "lcog.h"
#include <stdbool.h>

#include "../core/mac.h"
#include "../core/srp.h"

struct core_topic {
    const luaL_Reg *functions;      /* become functions of the module; upvalue 1 is the state's core_state */
    void (*classes)(lua_State *L);  /* makes metatables; the core_state lies on top of the stack; may be NULL */
};

extern const struct core_topic core_codec, core_mac, core_json, core_json_write, core_jwt, core_seal, core_srp,
    core_text;

/* One per Lua state, a userdata that all functions share: nothing here is global, so states do not meet. */
struct core_state {
    cog_mac *mac;                       /* made at the first use */
    cog_srp_group *group;               /* made at the first use */
    unsigned char seed[COG_SEED_SIZE];  /* of the hash tables that strangers fill */
    bool closed;                        /* the Lua state is ending */
};

/* The state's core_state, from upvalue 1; raises when a finaliser calls us after the state was closed. */
struct core_state *core_checkstate(lua_State *L);

/* The state's digests and MACs. */
cog_mac *core_checkmac(lua_State *L);

#endif
