/* Results by name and in words. */
#include "posix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    int number;
    const char *code, *message;
} rows[] = {
    {POS_SYMLINK, "symlink", "it is a symbolic link"},
    {POS_NOT_FOLDER, "not_folder", "it is not a folder"},
    {POS_NOT_FILE, "not_file", "it is not a regular file"},
    {POS_OWNER, "owner", "it belongs to another user"},
    {POS_MODE, "mode", "group or others have access to it"},
    {POS_LINKS, "links", "the file has a second name (hard link)"},
    {POS_PARENT, "parent", "a folder above it can be written by everybody"},
    {POS_TOO_LARGE, "too_large", "the file is larger than the limit"},
    {POS_NAME, "name", "not a plain file name"},
    {POS_BUSY, "busy", "somebody else holds the lock"},
    {POS_NO_LOCKS, "no_locks", "the file system has no locks"},
    {POS_FORKED, "forked", "the lock belongs to the parent process"},
    {POS_NO_TERMINAL, "no_terminal", "there is no terminal to ask on"},
    {POS_INTERRUPTED, "interrupted", "interrupted"},
    {POS_END, "end", "the input is closed"},
    {POS_CHANGED, "changed", "somebody else changed the file"},
    {EPERM, "EPERM", "operation not permitted"},
    {ENOENT, "ENOENT", "no such file or folder"},
    {EINTR, "EINTR", "interrupted again and again"},
    {EIO, "EIO", "input/output error of the disk"},
    {ENXIO, "ENXIO", "no such device"},
    {E2BIG, "E2BIG", "argument list too long"},
    {ENOEXEC, "ENOEXEC", "not an executable format"},
    {EBADF, "EBADF", "bad descriptor"},
    {ECHILD, "ECHILD", "no such child process"},
    {EAGAIN, "EAGAIN", "temporarily not available"},
    {ENOMEM, "ENOMEM", "out of memory"},
    {EACCES, "EACCES", "permission denied"},
    {EBUSY, "EBUSY", "device or resource busy"},
    {EEXIST, "EEXIST", "it exists already"},
    {EXDEV, "EXDEV", "not on the same file system"},
    {ENOTDIR, "ENOTDIR", "a part of the path is not a folder"},
    {EISDIR, "EISDIR", "it is a folder"},
    {EINVAL, "EINVAL", "invalid argument"},
    {ENFILE, "ENFILE", "too many open files on this machine"},
    {EMFILE, "EMFILE", "too many open files in this process"},
    {ENOTTY, "ENOTTY", "not a terminal"},
    {EFBIG, "EFBIG", "the file is too large"},
    {ENOSPC, "ENOSPC", "no space left on the disk"},
    {EROFS, "EROFS", "the file system is read-only"},
    {EPIPE, "EPIPE", "the reader has gone"},
    {ENAMETOOLONG, "ENAMETOOLONG", "the name is too long"},
    {ENOLCK, "ENOLCK", "no locks available"},
    {ENOSYS, "ENOSYS", "not supported by this system"},
    {ELOOP, "ELOOP", "too many symbolic links"},
    {EDQUOT, "EDQUOT", "the disk quota is exceeded"},
    {ESTALE, "ESTALE", "stale file handle"},
    {EADDRINUSE, "EADDRINUSE", "the port is in use"},
    {ETIMEDOUT, "ETIMEDOUT", "timed out"},
    {EOPNOTSUPP, "EOPNOTSUPP", "not supported"},
};

static size_t row_of(int result) {
    size_t i = 0;
    while (i < sizeof rows / sizeof *rows && rows[i].number != -result) i++;
    return i;
}

const char *pos_code(int result) {
    size_t i = row_of(result);
    return i < sizeof rows / sizeof *rows ? rows[i].code : "system";
}

const char *pos_message(int result) {
    size_t i = row_of(result);
    return i < sizeof rows / sizeof *rows ? rows[i].message : "an error of the operating system";
}

void pos_bytes_free(struct pos_bytes *bytes) {
    if (bytes->data != NULL) {
        explicit_bzero(bytes->data, bytes->size);
        free(bytes->data);
    }
    bytes->data = NULL;
    bytes->size = 0;
}
