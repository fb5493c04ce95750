/* Private folders: made, looked at from all sides, listed. */
#include "posix.h"
#include "retry.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/vfs.h>
#endif
#include <unistd.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define DEEPEST 128

/* Makes the name of a new folder durable. Not being able to is no reason to refuse the folder. */
static void sync_parent(const char *path) {
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path);
    if (slash == path) length = 1;
    memcpy(parent, length == 0 ? "." : path, length == 0 ? 1 : length);
    parent[length == 0 ? 1 : length] = '\0';
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    fsync(fd);
    close(fd);
}

/* The umask can only have taken bits away at birth; here the owner's come back. */
static int make_one(const char *path) {
    int result;
    POS_RETRY(result, mkdir(path, 0700));
    if (result != 0) return errno == EEXIST ? 0 : -errno;
    if (chmod(path, 0700) != 0) return -errno;
    sync_parent(path);
    return 0;
}

static int make_missing(char *path) {
    for (char *p = path + 1; *p != '\0'; p++) {
        if (*p != '/') continue;
        *p = '\0';
        struct stat st;
        int result = stat(path, &st) == 0 ? 0 : make_one(path);
        *p = '/';
        if (result < 0) return result;
    }
    return make_one(path);
}

/* Goes up by "..": these are the real folders above, whatever links the path went through. */
static int check_above(int folder) {
    char up[3 * DEEPEST + 1] = "";
    struct stat below, st;
    if (fstat(folder, &below) != 0) return -errno;
    for (int depth = 0; depth < DEEPEST; depth++) {
        strcat(up, depth == 0 ? ".." : "/..");
        if (fstatat(folder, up, &st, 0) != 0) return errno == EACCES ? 0 : -errno;
        if (st.st_dev == below.st_dev && st.st_ino == below.st_ino) return 0;
        if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX)) return -POS_PARENT;
        below = st;
    }
    return -ENAMETOOLONG;
}

static int check_folder(int folder) {
    struct stat st;
    if (fstat(folder, &st) != 0) return -errno;
    if (st.st_uid != geteuid()) return -POS_OWNER;
    if (st.st_mode & 077) return -POS_MODE;
    return check_above(folder);
}

/* Why a path could not be opened as a folder: the kernel says ENOTDIR or ELOOP for a link. */
static int explain(const char *path, int error) {
    struct stat st;
    if ((error == ENOTDIR || error == ELOOP) && lstat(path, &st) == 0) {
        if (S_ISLNK(st.st_mode)) return -POS_SYMLINK;
        if (!S_ISDIR(st.st_mode)) return -POS_NOT_FOLDER;
    }
    return -error;
}

static int copy_path(char *copy, const char *path) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    if (length == 0) return -ENOENT;
    if (length >= PATH_MAX) return -ENAMETOOLONG;
    memcpy(copy, path, length);
    copy[length] = '\0';
    return 0;
}

int pos_folder_open(const char *given) {
    char path[PATH_MAX];
    int fd, result = copy_path(path, given);
    if (result < 0) return result;
    POS_RETRY(fd, open(path, FOLDER_FLAGS));
    if (fd < 0 && errno == ENOENT) {
        result = make_missing(path);
        if (result < 0) return result;
        POS_RETRY(fd, open(path, FOLDER_FLAGS));
    }
    if (fd < 0) return explain(path, errno);
    result = check_folder(fd);
    if (result == 0) return fd;
    close(fd);
    return result;
}

int pos_folder_is_remote(int folder) {
#ifdef __linux__
    /* AFS, AFS (kernel), SMB, CIFS, SMB2, NFS, NCP, Coda, Ceph, 9P, Lustre, GFS2 */
    static const unsigned long remote[] = {
        0x5346414f, 0x6b414653, 0x517b,     0xff534d42, 0xfe534d42, 0x6969,
        0x564c,     0x73757245, 0x00c36400, 0x01021997, 0x0bd00bd0, 0x01161970};
    struct statfs st;
    if (fstatfs(folder, &st) != 0) return 0;
    for (size_t i = 0; i < sizeof remote / sizeof *remote; i++)
        if (((unsigned long)st.f_type & 0xffffffffUL) == remote[i]) return 1;
#else
    (void)folder;
#endif
    return 0;
}

int pos_folder_is_gone(int folder) {
    struct stat st;
    return fstat(folder, &st) != 0 || st.st_nlink == 0;
}

static int append(struct pos_bytes *bytes, size_t *room, const char *name) {
    size_t length = strlen(name) + 1;
    if (bytes->size + length > *room) {
        size_t larger = (*room + length) * 2;
        char *data = realloc(bytes->data, larger);
        if (data == NULL) return -ENOMEM;
        bytes->data = data;
        *room = larger;
    }
    memcpy(bytes->data + bytes->size, name, length);
    bytes->size += length;
    return 0;
}

static int collect(DIR *dir, struct pos_bytes *names) {
    size_t room = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) return -errno;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        int result = append(names, &room, entry->d_name);
        if (result < 0) return result;
    }
}

/* A descriptor of its own, since reading a folder moves the descriptor's position. */
int pos_folder_list(int folder, struct pos_bytes *names) {
    int fd;
    POS_RETRY(fd, openat(folder, ".", FOLDER_FLAGS));
    if (fd < 0) return -errno;
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        int error = errno;
        close(fd);
        return -error;
    }
    int result = collect(dir, names);
    closedir(dir);
    if (result < 0) pos_bytes_free(names);
    return result;
}
