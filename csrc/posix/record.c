/*
 * Records: private files whose inodes take turns.
 *
 * A file that is replaced again and again costs a new inode and the end of the old one each time, which is most of
 * what a refresh costs on a RAM disk. So a process that writes a record for the second time puts it into NAME.spare
 * and exchanges the two names; what held the former record is the spare of the next time.
 *
 * A spare is written again only by the process that has put it aside itself, and only after the exchange was made
 * durable. Any other spare (of another process, of one that was killed, of whatever sort) is removed and made anew:
 * nothing depends on what it is, and after a power cut no name can mean a file that was being written.
 */
#include "posix.h"
#include "file.h"
#include "retry.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif
#include <unistd.h>

#define SPARE_FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)
#define SUFFIX ".spare"
#define EXCHANGE 2U /* RENAME_EXCHANGE, which older headers lack */

enum { NAME_SIZE = 256 };

static void shut(struct pos_file *file) {
    if (file->fd >= 0) close(file->fd);
    file->fd = -1;
}

void pos_record_close(struct pos_record *record) {
    shut(&record->file);
    shut(&record->spare);
}

static int name_spare(char spare[NAME_SIZE], const char *name) {
    size_t length = strlen(name);
    if (!pos_is_plain_name(name) || length + sizeof SUFFIX > NAME_SIZE) return -POS_NAME;
    memcpy(spare, name, length);
    memcpy(spare + length, SUFFIX, sizeof SUFFIX);
    return 0;
}

/* A folder with something in it is left: it holds nothing of ours. */
static int clear(int folder, const char *name) {
    if (unlinkat(folder, name, 0) == 0 || errno == ENOENT) return 0;
    int error = errno;
    if (unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOTEMPTY || errno == EEXIST) return 0;
    return -error;
}

static int is_later(const struct timespec *time, const struct timespec *than) {
    return time->tv_sec > than->tv_sec || (time->tv_sec == than->tv_sec && time->tv_nsec > than->tv_nsec);
}

/* A stamp tells what a file held by the time of writing, which can stand still between two writes (or go back):
 * that of a file with a new content is later than any it had. */
static int make_later(int fd, struct stat *st, struct timespec former) {
    if (is_later(&st->st_mtim, &former)) return 1;
    struct timespec times[2] = {{0, UTIME_OMIT}, former};
    if (++times[1].tv_nsec == 1000000000L) {
        times[1].tv_sec++;
        times[1].tv_nsec = 0;
    }
    return futimens(fd, times) == 0 && fstat(fd, st) == 0 && is_later(&st->st_mtim, &former);
}

static int cut(int fd, off_t size) {
    int result;
    POS_RETRY(result, ftruncate(fd, size));
    return result < 0 ? -errno : 0;
}

/* Nobody else has touched it since. */
static int is_sound(const struct stat *st, const struct pos_file *spare, size_t size) {
    return st->st_nlink == 1 && (st->st_mode & 07777) == 0600 && st->st_uid == spare->stamp.owner &&
           st->st_size == (off_t)size;
}

/* -POS_CHANGED: it cannot be used, for somebody took our right to it, or its times are too coarse. */
static int refill(struct pos_file *spare, const char *data, size_t size) {
    struct stat st;
    int result = spare->stamp.size > (off_t)size ? cut(spare->fd, (off_t)size) : 0;
    if (result == 0) result = pos_write_all(spare->fd, data, size);
    if (result < 0) return result;
    if (fstat(spare->fd, &st) != 0) return -errno;
    if (!is_sound(&st, spare, size) || !make_later(spare->fd, &st, spare->stamp.written)) return -POS_CHANGED;
    pos_take_stamp(&st, &spare->stamp);
    return pos_sync(spare->fd);
}

static int make_spare(int folder, const char *name, const char *data, size_t size, struct pos_file *spare) {
    shut(spare);
    clear(folder, name);
    POS_RETRY(spare->fd, openat(folder, name, SPARE_FLAGS, 0600));
    if (spare->fd < 0) return -errno;
    return pos_fill(spare->fd, data, size, &spare->stamp);
}

static int fill_spare(int folder, const char *name, const char *data, size_t size, struct pos_file *spare) {
    int result = -POS_CHANGED;
    if (spare->fd >= 0 && pos_file_is(folder, name, &spare->stamp)) result = refill(spare, data, size);
    return result == -POS_CHANGED ? make_spare(folder, name, data, size, spare) : result;
}

static int rename_exchange(int folder, const char *from, const char *to) {
#ifdef SYS_renameat2
    long result;
    POS_RETRY(result, syscall(SYS_renameat2, folder, from, folder, to, EXCHANGE));
    return result == 0 ? 0 : -errno;
#else
    (void)folder, (void)from, (void)to;
    return -ENOSYS;
#endif
}

/* 1: the names could not be exchanged (old kernels, some file systems and sandboxes), so the former file is gone. */
static int swap(int folder, const char *spare, const char *name) {
    int result = rename_exchange(folder, spare, name);
    if (result == -ENOENT) return -POS_CHANGED;
    if (result != -ENOSYS && result != -EINVAL && result != -EOPNOTSUPP && result != -EPERM) return result;
    result = pos_give_name(folder, spare, name);
    return result < 0 ? result : 1;
}

static void turn(struct pos_record *record, int former_is_gone) {
    struct pos_file former = record->file;
    record->file = record->spare;
    record->file.written = 1;
    record->spare = former;
    if (former_is_gone) shut(&record->spare);
}

/* Whatever fails, the spare goes: it may hold anything, and as long as the folder is not durable the disk may mean
 * the record by it. */
static void drop(int folder, const char *name, struct pos_file *spare) {
    shut(spare);
    unlinkat(folder, name, 0);
}

static int replace_by_spare(int folder, const char *name, const char *data, size_t size, struct pos_record *record) {
    char spare[NAME_SIZE];
    int result = name_spare(spare, name);
    if (result < 0) return result;
    result = fill_spare(folder, spare, data, size, &record->spare);
    if (result == 0) result = swap(folder, spare, name);
    int former_is_gone = result == 1;
    if (result >= 0) result = pos_sync(folder);
    if (result == 0) turn(record, former_is_gone);
    else drop(folder, spare, &record->spare);
    return result;
}

static int replace_by_new(int folder, const char *name, const char *data, size_t size, struct pos_record *record) {
    struct pos_file made = {.written = 1};
    made.fd = pos_file_write(folder, name, data, size, &made.stamp);
    if (made.fd < 0) return made.fd;
    pos_record_close(record);
    record->file = made;
    return 0;
}

/* A process that has only read the record, as a command does, leaves no spare behind. */
static int replace(int folder, const char *name, const char *data, size_t size, struct pos_record *record) {
    if (!pos_file_is(folder, name, &record->file.stamp)) return -POS_CHANGED;
    int result = -EEXIST;
    if (record->file.written) result = replace_by_spare(folder, name, data, size, record);
    return result == -EEXIST ? replace_by_new(folder, name, data, size, record) : result;
}

int pos_record_replace(int folder, const char *name, const char *data, size_t size, struct pos_record *record) {
    int result = pos_lock_try(folder);
    if (result < 0) return result;
    result = replace(folder, name, data, size, record);
    pos_lock_release(folder);
    return result;
}

/* The spare first: whoever is killed in between leaves a session that has not been signed out. */
int pos_record_remove(int folder, const char *name) {
    char spare[NAME_SIZE];
    int result = name_spare(spare, name);
    if (result == 0) result = clear(folder, spare);
    if (result == 0 && unlinkat(folder, name, 0) != 0) result = -errno;
    if (result < 0 && result != -ENOENT) return result;
    int synced = pos_sync(folder);
    return synced < 0 ? synced : result;
}
