/* Private files: read whole, replaced whole, durable. */
#include "posix.h"
#include "file.h"
#include "retry.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif
#include <unistd.h>

/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
#define READ_FLAGS (O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define WRITE_FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)
#define TEMPORARY_SIZE 32

int pos_is_plain_name(const char *name) {
    size_t length = strlen(name);
    if (length == 0 || length > 255 || strchr(name, '/') != NULL) return 0;
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int is_private(const struct stat *st, uid_t owner) {
    return S_ISREG(st->st_mode) && st->st_uid == owner && (st->st_mode & 077) == 0 && st->st_nlink == 1;
}

/* 1: the file was replaced while it was being opened and is to be opened again. */
static int check_file(const struct stat *st) {
    if (!S_ISREG(st->st_mode)) return -POS_NOT_FILE;
    if (st->st_uid != geteuid()) return -POS_OWNER;
    if (st->st_mode & 077) return -POS_MODE;
    if (st->st_nlink > 1) return -POS_LINKS;
    return st->st_nlink == 0;
}

static int open_checked(int folder, const char *name, struct stat *st) {
    for (int turn = 0; turn < 100; turn++) {
        int fd;
        POS_RETRY(fd, openat(folder, name, READ_FLAGS));
        if (fd < 0) return errno == ELOOP ? -POS_SYMLINK : -errno;
        int result = fstat(fd, st) == 0 ? check_file(st) : -errno;
        if (result == 0) return fd;
        close(fd);
        if (result < 0) return result;
    }
    return -EAGAIN;
}

static int read_all(int fd, struct pos_bytes *bytes) {
    size_t done = 0;
    while (done < bytes->size) {
        ssize_t n;
        POS_RETRY(n, read(fd, bytes->data + done, bytes->size - done));
        if (n < 0) return -errno;
        if (n == 0) break;
        done += (size_t)n;
    }
    bytes->size = done;
    return 0;
}

static int read_size(int fd, const struct stat *st, size_t max, struct pos_bytes *bytes) {
    if ((size_t)st->st_size > max) return -POS_TOO_LARGE;
    bytes->size = (size_t)st->st_size;
    bytes->data = malloc(bytes->size + 1);
    int result = bytes->data == NULL ? -ENOMEM : read_all(fd, bytes);
    if (result < 0) pos_bytes_free(bytes);
    return result;
}

void pos_take_stamp(const struct stat *st, struct pos_stamp *stamp) {
    stamp->device = st->st_dev;
    stamp->inode = st->st_ino;
    stamp->owner = st->st_uid;
    stamp->size = st->st_size;
    stamp->written = st->st_mtim;
}

static int same_time(const struct timespec *a, const struct timespec *b) {
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

int pos_file_is(int folder, const char *name, const struct pos_stamp *stamp) {
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0) return 0;
    return st.st_dev == stamp->device && st.st_ino == stamp->inode && is_private(&st, stamp->owner) &&
           st.st_size == stamp->size && same_time(&st.st_mtim, &stamp->written);
}

/* Looked at by its name before and after, a file was the one of that name all the while: as long as it is, nobody
 * writes to it (record.c), and every content has a time of its own. */
static int read_once(int folder, const char *name, size_t max, struct pos_bytes *bytes, struct pos_stamp *stamp) {
    struct stat st;
    int fd = open_checked(folder, name, &st);
    if (fd < 0) return fd;
    pos_take_stamp(&st, stamp);
    int result = pos_file_is(folder, name, stamp) ? read_size(fd, &st, max, bytes) : -POS_CHANGED;
    if (result == 0 && !pos_file_is(folder, name, stamp)) {
        pos_bytes_free(bytes);
        result = -POS_CHANGED;
    }
    if (result == 0) return fd;
    close(fd);
    return result;
}

int pos_file_read(int folder, const char *name, size_t max, struct pos_bytes *bytes, struct pos_stamp *stamp) {
    if (!pos_is_plain_name(name)) return -POS_NAME;
    for (int turn = 0; turn < 100; turn++) {
        int result = read_once(folder, name, max, bytes, stamp);
        if (result != -POS_CHANGED) return result;
    }
    return -EAGAIN;
}

static int check_secret(int fd, struct stat *st) {
    if (fstat(fd, st) != 0) return -errno;
    if (!S_ISREG(st->st_mode)) return -POS_NOT_FILE;
    if (st->st_uid != geteuid() && st->st_uid != 0) return -POS_OWNER;
    return st->st_mode & 027 ? -POS_MODE : 0;
}

int pos_secret_read(const char *path, size_t max, struct pos_bytes *bytes) {
    struct stat st;
    int fd;
    POS_RETRY(fd, open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (fd < 0) return -errno;
    int result = check_secret(fd, &st);
    if (result == 0) result = read_size(fd, &st, max, bytes);
    close(fd);
    return result;
}

static int random_name(char name[TEMPORARY_SIZE]) {
    unsigned long long number;
    ssize_t n;
    POS_RETRY(n, getrandom(&number, sizeof number, 0));
    if (n != (ssize_t)sizeof number) return n < 0 ? -errno : -EIO;
    snprintf(name, TEMPORARY_SIZE, ".tmp-%016llx", number);
    return 0;
}

int pos_write_all(int fd, const char *data, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t n;
        POS_RETRY(n, pwrite(fd, data + done, size - done, (off_t)done));
        if (n < 0) return -errno;
        if (n == 0) return -EIO;
        done += (size_t)n;
    }
    return 0;
}

int pos_sync(int fd) {
    int result;
    POS_RETRY(result, fsync(fd));
    return result < 0 ? -errno : 0;
}

/* A umask can have taken even the owner's bits: they come back. */
int pos_fill(int fd, const char *data, size_t size, struct pos_stamp *stamp) {
    struct stat st;
    int result = pos_write_all(fd, data, size);
    if (result < 0) return result;
    if (fstat(fd, &st) != 0) return -errno;
    if ((st.st_mode & 07777) != 0600 && fchmod(fd, 0600) != 0) return -errno;
    pos_take_stamp(&st, stamp);
    return pos_sync(fd);
}

int pos_give_name(int folder, const char *from, const char *to) {
    int result;
    POS_RETRY(result, renameat(folder, from, folder, to));
    return result < 0 ? -errno : 0;
}

/* Whatever close() could report, fsync has reported before: a failing close loses nothing. */
int pos_file_write(int folder, const char *name, const char *data, size_t size,
                   struct pos_stamp *stamp) {
    char temporary[TEMPORARY_SIZE];
    if (!pos_is_plain_name(name)) return -POS_NAME;
    int fd, result = random_name(temporary);
    if (result < 0) return result;
    POS_RETRY(fd, openat(folder, temporary, WRITE_FLAGS, 0600));
    if (fd < 0) return -errno;
    result = pos_fill(fd, data, size, stamp);
    if (result == 0) result = pos_give_name(folder, temporary, name);
    if (result < 0) unlinkat(folder, temporary, 0);
    else result = pos_sync(folder);
    if (result == 0) return fd;
    close(fd);
    return result;
}

int pos_file_remove(int folder, const char *name) {
    if (!pos_is_plain_name(name)) return -POS_NAME;
    if (unlinkat(folder, name, 0) != 0) return -errno;
    return pos_sync(folder);
}

/* Without RENAME_NOREPLACE (old kernels, some file systems) a look before has to do. */
static int rename_new(int folder, const char *from, const char *to) {
    struct stat st;
#ifdef SYS_renameat2
    if (syscall(SYS_renameat2, folder, from, folder, to, 1U) == 0) return 0;
    if (errno != ENOSYS && errno != EINVAL) return -errno;
#endif
    if (fstatat(folder, to, &st, AT_SYMLINK_NOFOLLOW) == 0) return -EEXIST;
    return renameat(folder, from, folder, to) == 0 ? 0 : -errno;
}

int pos_file_rename(int folder, const char *from, const char *to) {
    if (!pos_is_plain_name(from) || !pos_is_plain_name(to)) return -POS_NAME;
    int result = rename_new(folder, from, to);
    return result == 0 ? pos_sync(folder) : result;
}
