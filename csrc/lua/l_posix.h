/* The topics of cognito.posix. Each l_posix_*.c defines one and l_posix.c puts them into the module. */
#ifndef L_POSIX_H
#define L_POSIX_H

#include "../posix/posix.h"
#include "lcog.h"

struct posix_topic {
    const luaL_Reg *functions;     /* become functions of the module */
    void (*classes)(lua_State *L); /* makes metatables; may be NULL */
};

extern const struct posix_topic posix_clock, posix_files, posix_desk;

/* nil, code, message */
int posix_fail(lua_State *L, int result);

/* true, or the failure */
int posix_done(lua_State *L, int result);

/* A string without zero bytes, since the system would read it as a shorter one. */
const char *posix_checkname(lua_State *L, int arg);

#endif
