/*
 * What lua-cognito asks of the operating system beyond ISO C: clocks, private files, locks.
 * No Lua in here. Functions that can fail return 0 (or a descriptor) on success and a negated
 * errno value on failure, so that a caller never has to look at errno.
 */
#ifndef COGNITO_POSIX_H
#define COGNITO_POSIX_H

/* Include this file first: it asks the C library for more than ISO C. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* ---- results: 0 or a descriptor; else a negated errno value or one of these, negated ---- */

enum pos_refusal {
    POS_SYMLINK = 10000, /* a symbolic link where the thing itself is asked for */
    POS_NOT_FOLDER,
    POS_NOT_FILE,   /* a FIFO, a device, a folder */
    POS_OWNER,      /* belongs to another user */
    POS_MODE,       /* group or others may read, write or search it */
    POS_LINKS,      /* the file has a second name */
    POS_PARENT,     /* a folder above can be written by everybody and has no sticky bit */
    POS_TOO_LARGE,  /* over the caller's limit */
    POS_NAME,       /* not a plain file name */
    POS_BUSY,       /* somebody else holds the lock */
    POS_NO_LOCKS,   /* this file system has no locks */
    POS_FORKED,     /* the lock belongs to the process that this one was forked from */
    POS_NO_TERMINAL,
    POS_INTERRUPTED, /* the person pressed Ctrl-C, or the process is asked to end */
    POS_END,         /* the person closed the input */
    POS_CHANGED,     /* the name means another file by now, or another content */
};

/* A short name of a result, such as "ENOSPC" or "symlink"; never NULL. */
const char *pos_code(int result);

/* One line of English about a result; never NULL. */
const char *pos_message(int result);

/* ---- bytes read from a file; wiped when freed ---- */

struct pos_bytes {
    char *data;
    size_t size;
};

void pos_bytes_free(struct pos_bytes *bytes);

/* ---- private folders: mode 0700, ours, no symbolic link, no unsafe folder above ---- */

/* Opens a folder for the functions below; makes it, and missing ones above it, with mode 0700
 * whatever the umask is. */
int pos_folder_open(const char *path);

/* 1 when the folder lies on a network file system, where flock and rename cannot be trusted. */
int pos_folder_is_remote(int folder);

/* 1 when the folder has been removed since it was opened. */
int pos_folder_is_gone(int folder);

/* The names in the folder, each ended by a zero byte; without "." and "..". */
int pos_folder_list(int folder, struct pos_bytes *names);

/* ---- private files in such a folder: regular, ours, mode 0600, one name ---- */

/* Which file it was and what was in it. */
struct pos_stamp {
    dev_t device;
    ino_t inode;
    uid_t owner;
    off_t size;
    struct timespec written;
};

/* Reads a whole file of at most `max` bytes. Returns the file's descriptor: while it is open no
 * other file can get this one's number, so that the stamp tells for certain what `name` is. */
int pos_file_read(int folder, const char *name, size_t max, struct pos_bytes *bytes,
                  struct pos_stamp *stamp);

/* 1 when `name` still is the file of the stamp, unchanged, and private. */
int pos_file_is(int folder, const char *name, const struct pos_stamp *stamp);

/* Reads a whole secret file that a person or a deployment tool wrote (a key, a password): regular,
 * ours or root's, without access for others and not writable by the group. Links are followed. */
int pos_secret_read(const char *path, size_t max, struct pos_bytes *bytes);

/* Replaces a file so that any reader, and the disk after a crash, has the old or the new content
 * whole: temporary file (".tmp-" and random digits), fsync, rename, fsync of the folder. Returns
 * the new file's descriptor. On failure the old file is as it was, except when the very last step
 * failed: then the new one is in place but may not survive a power cut. */
int pos_file_write(int folder, const char *name, const char *data, size_t size,
                   struct pos_stamp *stamp);

/* Removes a file, durably. -ENOENT when there is none. */
int pos_file_remove(int folder, const char *name);

/* Gives a file of any sort another name. -EEXIST when that name is taken. */
int pos_file_rename(int folder, const char *from, const char *to);

/* ---- records: such files that one process replaces again and again ---- */

struct pos_file {
    int fd;      /* -1: none */
    int written; /* by this process, through fd, and durable */
    struct pos_stamp stamp;
};

/* The file that was read or written last, and the one that a process writes next: NAME.spare, which holds the record
 * before the last. */
struct pos_record {
    struct pos_file file, spare;
};

/* Replaces a file while it still is the record's, under the lock of the folder, so that no other writer comes between
 * the look and the rename. -POS_CHANGED or -POS_BUSY: nothing was done. Otherwise as pos_file_write; the record is the
 * new file then. */
int pos_record_replace(int folder, const char *name, const char *data, size_t size, struct pos_record *record);

/* Removes a file and its spare, durably. -ENOENT when there is no file. */
int pos_record_remove(int folder, const char *name);

/* Closes what is open; may be called again. */
void pos_record_close(struct pos_record *record);

/* ---- locks: flock, so the kernel frees them with the process. Of a lock file, which is never
 * renamed, or of a folder ---- */

/* Opens (makes) a lock file. The lock is not taken yet. */
int pos_lock_open(int folder, const char *name);

/* Takes the lock of an open lock file or folder, or answers -POS_BUSY at once. */
int pos_lock_try(int lock);

int pos_lock_release(int lock);

/* 1 while the lock file has not been removed since it was opened. */
int pos_lock_is_current(int lock);

/* ---- clocks: float seconds ---- */

/* Wall clock, seconds since the epoch. Can jump. */
double pos_now(void);

/* Monotonic clock for deadlines. Stands still while the machine is suspended. */
double pos_monotime(void);

/* Monotonic clock that counts suspended time too. Beside pos_monotime it shows a suspend. */
double pos_boottime(void);

/* Waits this many seconds (at most a day; nothing for zero, negative and NaN), whatever signals
 * arrive in between. */
void pos_sleep(double seconds);

/* ---- processes ---- */

/* The number of this process, also in a child made by fork; a system call at the first time alone. */
pid_t pos_pid(void);

/* A descriptor that means nothing: whoever closes it has room for another. */
int pos_reserve(void);

/* ---- shared libraries ---- */

/* Maps a library, and the ones it needs, for as long as the process lives. Their functions are found
 * when they are first called, where a loader that comes later and finds all of them at once (Lua's)
 * has nothing left to do. */
int pos_library_map(const char *path);

#endif
