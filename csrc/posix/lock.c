/* Locks that end with the process: flock on a file that holds nothing, or on a folder. */
#include "posix.h"
#include "retry.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_FLAGS (O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static int check_lock(int fd) {
    struct stat st;
    if (fstat(fd, &st) != 0) return -errno;
    if (!S_ISREG(st.st_mode)) return -POS_NOT_FILE;
    if (st.st_uid != geteuid()) return -POS_OWNER;
    if (st.st_nlink > 1) return -POS_LINKS;
    if ((st.st_mode & 0600) != 0600 && fchmod(fd, 0600) != 0) return -errno;
    return 0;
}

/* A lock file holds nothing, so it matters little what others may do to it; but a umask must not
 * have kept us out of it. */
int pos_lock_open(int folder, const char *name) {
    int fd;
    if (name[0] == '\0' || strchr(name, '/') != NULL) return -POS_NAME;
    POS_RETRY(fd, openat(folder, name, LOCK_FLAGS, 0600));
    if (fd < 0) return errno == ELOOP ? -POS_SYMLINK : -errno;
    int result = check_lock(fd);
    if (result == 0) return fd;
    close(fd);
    return result;
}

int pos_lock_try(int lock) {
    int result;
    POS_RETRY(result, flock(lock, LOCK_EX | LOCK_NB));
    if (result == 0) return 0;
    if (errno == EWOULDBLOCK) return -POS_BUSY;
    if (errno == ENOLCK || errno == ENOSYS || errno == EOPNOTSUPP || errno == EINVAL)
        return -POS_NO_LOCKS;
    return -errno;
}

int pos_lock_release(int lock) {
    int result;
    POS_RETRY(result, flock(lock, LOCK_UN));
    return result == 0 ? 0 : -errno;
}

int pos_lock_is_current(int lock) {
    struct stat st;
    return fstat(lock, &st) == 0 && st.st_nlink == 1;
}
