/* cognito.posix: private folders, the files in them, locks.
 *
 *   folder(path)               -> folder: mode 0700, ours; made when missing
 *   folder:read(name, max)     -> text, file
 *   folder:write(name, text...) -> file; atomic and durable; the texts are joined
 *   folder:replace(file, name, text...) -> true; the same while the name still is this file, under the
 *                              lock of the folder; `file` is the new one then. NAME.spare may be there
 *                              afterwards: what will hold the record of the next time
 *   file:is(folder, name)      -> whether the name still means this file, unchanged
 *   file:close()
 *   folder:remove(name)        -> true
 *   folder:remove_record(name) -> true; the file and NAME.spare
 *   folder:rename(from, to)    -> true; `to` must be free
 *   folder:list()              -> list of names
 *   folder:try() folder:release() -> true; the lock of the folder itself, which a child made by
 *                              fork shares: it has to open its own
 *   folder:is_remote() folder:is_gone() folder:close()
 *   folder:lock(name)          -> lock, not taken yet
 *   lock:try() lock:release()  -> true
 *   lock:is_current()          -> whether the lock file has not been removed
 *   lock:close()               -> true; gives the lock back and closes it
 *   read_secret(path, max)     -> text
 *
 * Failures are nil, code, message. */
#include "l_posix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "cognito.posix.folder"
#define LOCK "cognito.posix.lock"
#define FILE_CLASS "cognito.posix.file"
#define BYTES "cognito.posix.bytes"

enum { SMALL = 8192 }; /* of a record of ordinary size */

struct folder {
    int fd; /* -1: closed */
};

struct lock {
    int fd; /* -1: closed */
    pid_t owner;
};

static struct folder *check_folder(lua_State *L, int arg) {
    struct folder *folder = lcog_checkudata(L, arg, FOLDER);
    luaL_argcheck(L, folder->fd >= 0, arg, "the folder is closed");
    return folder;
}

static struct lock *check_lock(lua_State *L, int arg) {
    struct lock *lock = lcog_checkudata(L, arg, LOCK);
    luaL_argcheck(L, lock->fd >= 0, arg, "the lock is closed");
    return lock;
}

/* Owns what C has read until Lua has its copy. */
static struct pos_bytes *push_bytes(lua_State *L) {
    struct pos_bytes *bytes = lua_newuserdata(L, sizeof *bytes);
    bytes->data = NULL;
    bytes->size = 0;
    lcog_setclass(L, BYTES);
    return bytes;
}

static int bytes_gc(lua_State *L) {
    pos_bytes_free(lcog_checkudata(L, 1, BYTES));
    return 0;
}

static int l_folder(lua_State *L) {
    const char *path = posix_checkname(L, 1);
    struct folder *folder = lua_newuserdata(L, sizeof *folder);
    folder->fd = -1;
    lcog_setclass(L, FOLDER);
    int result = pos_folder_open(path);
    if (result < 0) return posix_fail(L, result);
    folder->fd = result;
    return 1;
}

static int folder_close(lua_State *L) {
    struct folder *folder = lcog_checkudata(L, 1, FOLDER);
    int fd = folder->fd;
    folder->fd = -1;
    if (fd >= 0) close(fd);
    return 0;
}

static size_t check_max(lua_State *L, int arg) {
    lua_Integer max = luaL_checkinteger(L, arg);
    luaL_argcheck(L, max >= 0, arg, "a limit in bytes expected");
    return (size_t)max;
}

static struct pos_record *push_file(lua_State *L) {
    struct pos_record *record = lua_newuserdata(L, sizeof *record);
    memset(record, 0, sizeof *record);
    record->file.fd = record->spare.fd = -1;
    lcog_setclass(L, FILE_CLASS);
    return record;
}

static int file_close(lua_State *L) {
    pos_record_close(lcog_checkudata(L, 1, FILE_CLASS));
    return 0;
}

static int file_is(lua_State *L) {
    const struct pos_record *record = lcog_checkudata(L, 1, FILE_CLASS);
    const struct folder *folder = check_folder(L, 2);
    const char *name = posix_checkname(L, 3);
    lua_pushboolean(L, record->file.fd >= 0 && pos_file_is(folder->fd, name, &record->file.stamp));
    return 1;
}

static void push_text(lua_State *L, struct pos_bytes *bytes) {
    lua_pushlstring(L, bytes->data, bytes->size);
    pos_bytes_free(bytes);
}

static int folder_read(lua_State *L) {
    const struct folder *folder = check_folder(L, 1);
    const char *name = posix_checkname(L, 2);
    size_t max = check_max(L, 3);
    struct pos_bytes *bytes = push_bytes(L);
    struct pos_file *file = &push_file(L)->file;
    int result = pos_file_read(folder->fd, name, max, bytes, &file->stamp);
    if (result < 0) return posix_fail(L, result);
    file->fd = result;
    push_text(L, bytes);
    lua_insert(L, -2);
    return 2;
}

static int l_read_secret(lua_State *L) {
    const char *path = posix_checkname(L, 1);
    size_t max = check_max(L, 2);
    struct pos_bytes *bytes = push_bytes(L);
    int result = pos_secret_read(path, max, bytes);
    if (result < 0) return posix_fail(L, result);
    push_text(L, bytes);
    return 1;
}

/* Joins the texts from `first` on, in `small` where they fit. Raises before it has anything; afterwards nothing may be
 * called that throws until `drop` was called. */
static int join(lua_State *L, int first, char small[SMALL], struct pos_bytes *bytes) {
    int last = lua_gettop(L);
    size_t size = 0;
    for (int arg = first; arg <= last; arg++) size += lcog_checkslice(L, arg).len;
    bytes->size = 0;
    bytes->data = size <= SMALL ? small : malloc(size);
    if (bytes->data == NULL) return -ENOMEM;
    for (int arg = first; arg <= last; arg++) {
        cog_slice part = lcog_checkslice(L, arg);
        memcpy(bytes->data + bytes->size, part.data, part.len);
        bytes->size += part.len;
    }
    return 0;
}

static void drop(const char *small, struct pos_bytes *bytes) {
    if (bytes->data == small) explicit_bzero(bytes->data, bytes->size);
    else pos_bytes_free(bytes);
}

static int folder_write(lua_State *L) {
    const struct folder *folder = check_folder(L, 1);
    const char *name = posix_checkname(L, 2);
    struct pos_file *file = &push_file(L)->file;
    char small[SMALL];
    struct pos_bytes bytes;
    lua_insert(L, 3);
    int result = join(L, 4, small, &bytes);
    if (result == 0) result = pos_file_write(folder->fd, name, bytes.data, bytes.size, &file->stamp);
    drop(small, &bytes);
    if (result < 0) return posix_fail(L, result);
    file->fd = result;
    file->written = 1;
    lua_settop(L, 3);
    return 1;
}

static int folder_replace(lua_State *L) {
    const struct folder *folder = check_folder(L, 1);
    struct pos_record *record = lcog_checkudata(L, 2, FILE_CLASS);
    const char *name = posix_checkname(L, 3);
    char small[SMALL];
    struct pos_bytes bytes;
    luaL_argcheck(L, record->file.fd >= 0, 2, "the file is closed");
    int result = join(L, 4, small, &bytes);
    if (result == 0) result = pos_record_replace(folder->fd, name, bytes.data, bytes.size, record);
    drop(small, &bytes);
    return posix_done(L, result);
}

static int folder_remove(lua_State *L) {
    const struct folder *folder = check_folder(L, 1);
    return posix_done(L, pos_file_remove(folder->fd, posix_checkname(L, 2)));
}

static int folder_remove_record(lua_State *L) {
    const struct folder *folder = check_folder(L, 1);
    return posix_done(L, pos_record_remove(folder->fd, posix_checkname(L, 2)));
}

static int folder_rename(lua_State *L) {
    const struct folder *folder = check_folder(L, 1);
    const char *from = posix_checkname(L, 2), *to = posix_checkname(L, 3);
    return posix_done(L, pos_file_rename(folder->fd, from, to));
}

static int folder_list(lua_State *L) {
    const struct folder *folder = check_folder(L, 1);
    struct pos_bytes *names = push_bytes(L);
    int result = pos_folder_list(folder->fd, names), count = 0;
    if (result < 0) return posix_fail(L, result);
    lua_newtable(L);
    for (size_t at = 0; at < names->size; at += strlen(names->data + at) + 1) {
        lua_pushstring(L, names->data + at);
        lua_rawseti(L, -2, ++count);
    }
    pos_bytes_free(names);
    return 1;
}

static int folder_try(lua_State *L) {
    return posix_done(L, pos_lock_try(check_folder(L, 1)->fd));
}

static int folder_release(lua_State *L) {
    return posix_done(L, pos_lock_release(check_folder(L, 1)->fd));
}

static int folder_is_remote(lua_State *L) {
    lua_pushboolean(L, pos_folder_is_remote(check_folder(L, 1)->fd));
    return 1;
}

static int folder_is_gone(lua_State *L) {
    lua_pushboolean(L, pos_folder_is_gone(check_folder(L, 1)->fd));
    return 1;
}

static int folder_lock(lua_State *L) {
    const struct folder *folder = check_folder(L, 1);
    const char *name = posix_checkname(L, 2);
    struct lock *lock = lua_newuserdata(L, sizeof *lock);
    lock->fd = -1;
    lock->owner = pos_pid();
    lcog_setclass(L, LOCK);
    int result = pos_lock_open(folder->fd, name);
    if (result < 0) return posix_fail(L, result);
    lock->fd = result;
    return 1;
}

static int lock_try(lua_State *L) {
    const struct lock *lock = check_lock(L, 1);
    return posix_done(L, lock->owner == pos_pid() ? pos_lock_try(lock->fd) : -POS_FORKED);
}

static int lock_release(lua_State *L) {
    const struct lock *lock = check_lock(L, 1);
    return posix_done(L, lock->owner == pos_pid() ? pos_lock_release(lock->fd) : -POS_FORKED);
}

static int lock_is_current(lua_State *L) {
    lua_pushboolean(L, pos_lock_is_current(check_lock(L, 1)->fd));
    return 1;
}

/* A child made by fork shares the lock with its parent: it must not give it back. A parent that
 * has such children gives it back in so many words, for closing alone would leave it to them. */
static int shut(struct lock *lock) {
    int fd = lock->fd, result = -POS_FORKED;
    lock->fd = -1;
    if (fd < 0) return 0;
    if (lock->owner == pos_pid()) result = pos_lock_release(fd);
    close(fd);
    return result;
}

static int lock_close(lua_State *L) {
    return posix_done(L, shut(lcog_checkudata(L, 1, LOCK)));
}

static int lock_gc(lua_State *L) {
    shut(lcog_checkudata(L, 1, LOCK));
    return 0;
}

static const luaL_Reg folder_methods[] = {
    {"read", folder_read},       {"write", folder_write},         {"replace", folder_replace},
    {"remove", folder_remove},   {"rename", folder_rename},       {"remove_record", folder_remove_record},
    {"list", folder_list},       {"is_remote", folder_is_remote}, {"is_gone", folder_is_gone},
    {"lock", folder_lock},       {"try", folder_try},             {"release", folder_release},
    {"close", folder_close},     {NULL, NULL},
};

static const luaL_Reg lock_methods[] = {
    {"try", lock_try},     {"release", lock_release}, {"is_current", lock_is_current},
    {"close", lock_close}, {NULL, NULL},
};

static const luaL_Reg file_methods[] = {{"is", file_is}, {"close", file_close}, {NULL, NULL}};

static const luaL_Reg file_meta[] = {{"__gc", file_close}, {"__close", file_close}, {NULL, NULL}};
static const luaL_Reg folder_meta[] = {
    {"__gc", folder_close}, {"__close", folder_close}, {NULL, NULL}};
static const luaL_Reg lock_meta[] = {{"__gc", lock_gc}, {"__close", lock_gc}, {NULL, NULL}};
static const luaL_Reg bytes_meta[] = {{"__gc", bytes_gc}, {NULL, NULL}};

static void make_classes(lua_State *L) {
    lcog_newclass(L, FOLDER, folder_methods, folder_meta, 0);
    lcog_newclass(L, FILE_CLASS, file_methods, file_meta, 0);
    lcog_newclass(L, LOCK, lock_methods, lock_meta, 0);
    lcog_newclass(L, BYTES, NULL, bytes_meta, 0);
}

static const luaL_Reg functions[] = {
    {"folder", l_folder}, {"read_secret", l_read_secret}, {NULL, NULL}};

const struct posix_topic posix_files = {functions, make_classes};
