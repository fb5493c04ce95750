/* cognito.posix: the terminal, other programs and libraries, a listener on loopback.
 *
 *   is_terminal(fd)              -> boolean
 *   ask(prompt, hidden, max)     -> line
 *   no_core_dump()               -> true
 *   end_by_interrupt()           -> true
 *   exec(argv, variables)        returns only on failure
 *   start(argv)                  -> true
 *   hold_standard()              -> true
 *   flush_output()               -> true
 *   exit(code)                   does not return
 *   map_library(path)            -> true; see pos_library_map
 *   listener(port)               -> listener; listener:port()
 *   listener:accept(seconds)     -> visitor
 *   visitor:read(max, seconds)   -> bytes ("" at the end)
 *   visitor:write(text, seconds) -> true
 *   listener:close() visitor:close()
 *
 * Failures are nil, code, message. */
#include "../posix/desk.h"
#include "l_posix.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LISTENER "cognito.posix.listener"
#define VISITOR "cognito.posix.visitor"
#define MAX_LINE 4096
#define MAX_READ 65536

struct visitor {
    int fd; /* -1: closed */
};

static int l_is_terminal(lua_State *L) {
    lua_pushboolean(L, pos_is_terminal((int)luaL_checkinteger(L, 1)));
    return 1;
}

static size_t check_size(lua_State *L, int arg, size_t most) {
    lua_Integer size = luaL_checkinteger(L, arg);
    luaL_argcheck(L, size > 0 && (size_t)size <= most, arg, "size out of range");
    return (size_t)size;
}

/* The line lies on the C stack until Lua has its copy, and is wiped in every case but one: when
 * that copy cannot be made for want of memory. */
static int l_ask(lua_State *L) {
    const char *prompt = posix_checkname(L, 1);
    int hidden = lua_toboolean(L, 2);
    size_t max = check_size(L, 3, MAX_LINE);
    char line[MAX_LINE];
    int result = pos_terminal_ask(prompt, hidden, line, max);
    if (result >= 0) lua_pushlstring(L, line, (size_t)result);
    explicit_bzero(line, sizeof line);
    return result < 0 ? posix_fail(L, result) : 1;
}

static int l_no_core_dump(lua_State *L) {
    return posix_done(L, pos_no_core_dump());
}

static int l_end_by_interrupt(lua_State *L) {
    return posix_done(L, pos_end_by_interrupt());
}

/* A NULL-ended vector in a userdata; its strings stay on the stack or in the table at `arg`. */
static char **check_words(lua_State *L, int arg) {
    luaL_checktype(L, arg, LUA_TTABLE);
    size_t count = lua_rawlen(L, arg);
    luaL_argcheck(L, count > 0 && count < 10000, arg, "a list of words expected");
    char **words = lua_newuserdata(L, (count + 1) * sizeof *words);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, arg, (int)i + 1);
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, arg, "a list of strings expected");
        words[i] = (char *)(size_t)posix_checkname(L, -1); /* exec does not write to them */
        lua_pop(L, 1);
    }
    words[count] = NULL;
    return words;
}

static void set_variables(lua_State *L, int arg) {
    luaL_checktype(L, arg, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, arg) != 0; lua_pop(L, 1)) {
        luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING, arg,
                      "names and values must be strings");
        int result = pos_set_variable(posix_checkname(L, -2), posix_checkname(L, -1));
        luaL_argcheck(L, result == 0, arg, "no name of a variable");
    }
}

static int l_exec(lua_State *L) {
    char **argv = check_words(L, 1);
    set_variables(L, 2);
    return posix_fail(L, pos_exec(argv));
}

static int l_start(lua_State *L) {
    return posix_done(L, pos_start(check_words(L, 1)));
}

static int l_hold_standard(lua_State *L) {
    return posix_done(L, pos_hold_standard());
}

static int l_flush_output(lua_State *L) {
    return posix_done(L, pos_flush_output());
}

static int l_exit(lua_State *L) {
    pos_exit((int)luaL_checkinteger(L, 1));
}

static int l_map_library(lua_State *L) {
    return posix_done(L, pos_library_map(posix_checkname(L, 1)));
}

static struct pos_listener *check_listener(lua_State *L) {
    struct pos_listener *listener = lcog_checkudata(L, 1, LISTENER);
    luaL_argcheck(L, listener->fds[0] >= 0, 1, "the listener is closed");
    return listener;
}

static int l_listener(lua_State *L) {
    int port = (int)luaL_checkinteger(L, 1);
    struct pos_listener *listener = lua_newuserdata(L, sizeof *listener);
    listener->fds[0] = listener->fds[1] = -1;
    lcog_setclass(L, LISTENER);
    int result = pos_listener_open(listener, port);
    if (result < 0) return posix_fail(L, result);
    return 1;
}

static int listener_port(lua_State *L) {
    lua_pushinteger(L, check_listener(L)->port);
    return 1;
}

static int listener_close(lua_State *L) {
    pos_listener_close(lcog_checkudata(L, 1, LISTENER));
    return 0;
}

static int listener_accept(lua_State *L) {
    const struct pos_listener *listener = check_listener(L);
    double seconds = luaL_checknumber(L, 2);
    struct visitor *visitor = lua_newuserdata(L, sizeof *visitor);
    visitor->fd = -1;
    lcog_setclass(L, VISITOR);
    int result = pos_listener_accept(listener, seconds);
    if (result < 0) return posix_fail(L, result);
    visitor->fd = result;
    return 1;
}

static int check_visitor(lua_State *L) {
    const struct visitor *visitor = lcog_checkudata(L, 1, VISITOR);
    luaL_argcheck(L, visitor->fd >= 0, 1, "the connection is closed");
    return visitor->fd;
}

static int visitor_read(lua_State *L) {
    int fd = check_visitor(L);
    size_t max = check_size(L, 2, MAX_READ);
    double seconds = luaL_checknumber(L, 3);
    char *data = lua_newuserdata(L, max);
    int result = pos_socket_read(fd, data, max, seconds);
    if (result < 0) return posix_fail(L, result);
    lua_pushlstring(L, data, (size_t)result);
    explicit_bzero(data, (size_t)result); /* a callback holds a code */
    return 1;
}

static int visitor_write(lua_State *L) {
    int fd = check_visitor(L);
    cog_slice text = lcog_checkslice(L, 2);
    return posix_done(
        L, pos_socket_write(fd, (const char *)text.data, text.len, luaL_checknumber(L, 3)));
}

static int visitor_close(lua_State *L) {
    struct visitor *visitor = lcog_checkudata(L, 1, VISITOR);
    int fd = visitor->fd;
    visitor->fd = -1;
    if (fd >= 0) close(fd);
    return 0;
}

static const luaL_Reg listener_methods[] = {
    {"port", listener_port}, {"accept", listener_accept}, {"close", listener_close}, {NULL, NULL}};
static const luaL_Reg listener_meta[] = {
    {"__gc", listener_close}, {"__close", listener_close}, {NULL, NULL}};
static const luaL_Reg visitor_methods[] = {
    {"read", visitor_read}, {"write", visitor_write}, {"close", visitor_close}, {NULL, NULL}};
static const luaL_Reg visitor_meta[] = {
    {"__gc", visitor_close}, {"__close", visitor_close}, {NULL, NULL}};

static void make_classes(lua_State *L) {
    lcog_newclass(L, LISTENER, listener_methods, listener_meta, 0);
    lcog_newclass(L, VISITOR, visitor_methods, visitor_meta, 0);
}

static const luaL_Reg functions[] = {
    {"is_terminal", l_is_terminal}, {"ask", l_ask},     {"no_core_dump", l_no_core_dump},
    {"end_by_interrupt", l_end_by_interrupt},
    {"exec", l_exec},               {"start", l_start}, {"exit", l_exit},
    {"hold_standard", l_hold_standard}, {"flush_output", l_flush_output},
    {"map_library", l_map_library}, {"listener", l_listener}, {NULL, NULL}};

const struct posix_topic posix_desk = {functions, make_classes};
