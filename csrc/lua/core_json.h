/* JSON texts as Lua values, shared by the bindings that read them. */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include "core_topics.h"

/* Room on the C stack for texts of ordinary size. */
enum { CORE_TEXT_SMALL = 4096 };

/* Reads the whole text (used up) and pushes its value; after an error nothing is pushed. Objects are tables without
 * a metatable, whose members may have any name; null is left out of objects and is core.null in arrays. A text
 * that is no object gives `not_object`, which may be COG_OK. */
cog_err core_push_json(lua_State *L, unsigned char *text, size_t len, const unsigned char *seed, cog_err not_object);

/* The same for a part of a token, base64url: COG_MALFORMED. */
cog_err core_push_part(lua_State *L, cog_slice part, const unsigned char *seed, cog_err not_object);

/* The key under which json_tokens leaves a lifetime that was checked. */
void core_push_lifetime(lua_State *L);

/* The octets of a part that is known to be sound base64url. */
void core_push_octets(lua_State *L, cog_slice part);

#endif
