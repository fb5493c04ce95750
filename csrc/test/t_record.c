/* Records whose files take turns: the life of the spare, racing readers, times that stand still, failing calls. */
#include "../posix/posix.h"
#include "t.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RACES = 3000, READERS = 3 };

static char top[] = "/tmp/lua-cognito.XXXXXX";
static int folder;

static const struct pos_record none = {.file = {.fd = -1}, .spare = {.fd = -1}};

static struct pos_record written(const char *text) {
    struct pos_record record = none;
    record.file.fd = pos_file_write(folder, "a", text, strlen(text), &record.file.stamp);
    record.file.written = 1;
    CHECK(record.file.fd >= 0);
    return record;
}

static int replace(struct pos_record *record, const char *text) {
    return pos_record_replace(folder, "a", text, strlen(text), record);
}

static int read_text(char text[100], struct pos_file *file) {
    struct pos_bytes bytes = {NULL, 0};
    file->fd = pos_file_read(folder, "a", 99, &bytes, &file->stamp);
    if (file->fd < 0) return file->fd;
    memcpy(text, bytes.data, bytes.size);
    text[bytes.size] = '\0';
    pos_bytes_free(&bytes);
    return 0;
}

static int holds(const char *wanted) {
    char text[100] = "";
    struct pos_file file;
    int result = read_text(text, &file);
    return result == 0 && close(file.fd) == 0 && strcmp(text, wanted) == 0;
}

static ino_t inode_of(const char *name) {
    struct stat st;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_ino : 0;
}

static int is_sound_spare(void) {
    struct stat st;
    return fstatat(folder, "a.spare", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
           (st.st_mode & 07777) == 0600;
}

static void end(struct pos_record *record) {
    pos_record_close(record);
    pos_record_close(record);
    CHECK(pos_record_remove(folder, "a") == 0 && inode_of("a") == 0 && inode_of("a.spare") == 0);
    CHECK(pos_record_remove(folder, "a") == -ENOENT);
}

/* Only what is still there is replaced, and nobody else writes meanwhile. */
static void test_replace(void) {
    struct pos_record mine = written("one"), old = mine;
    CHECK(replace(&mine, "two") == 0 && holds("two") && pos_file_is(folder, "a", &mine.file.stamp));
    CHECK(replace(&old, "no") == -POS_CHANGED && holds("two"));
    CHECK(pos_record_replace(folder, "b", "no", 2, &mine) == -POS_CHANGED && inode_of("b") == 0);
    int rival = openat(folder, ".", O_RDONLY | O_DIRECTORY);
    CHECK(pos_lock_try(rival) == 0 && replace(&mine, "no") == -POS_BUSY);
    CHECK(pos_lock_release(rival) == 0 && holds("two"));
    CHECK(replace(&mine, "three") == 0 && holds("three") && pos_lock_try(rival) == 0);
    close(rival);
    end(&mine);
}

static void test_turns(void) {
    struct pos_record record = written("one");
    ino_t first = inode_of("a");
    CHECK(inode_of("a.spare") == 0);
    CHECK(replace(&record, "two") == 0 && holds("two") && inode_of("a.spare") == first && is_sound_spare());
    ino_t second = inode_of("a");
    static const char *texts[] = {"three", "", "four, which is longer", "five"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK(replace(&record, texts[i]) == 0 && holds(texts[i]));
        CHECK(inode_of("a") == (i % 2 ? second : first) && inode_of("a.spare") == (i % 2 ? first : second));
    }
    end(&record);
}

/* What was only read is replaced by a new file: the process may never write again. */
static void test_reader_leaves_no_spare(void) {
    struct pos_record writer = written("one"), record = none;
    char text[100];
    CHECK(read_text(text, &record.file) == 0 && replace(&record, "two") == 0 && holds("two"));
    CHECK(inode_of("a.spare") == 0 && record.file.written);
    CHECK(replace(&record, "three") == 0 && inode_of("a.spare") != 0);
    CHECK(replace(&writer, "no") == -POS_CHANGED && holds("three"));
    pos_record_close(&writer);
    end(&record);
}

static void put_link(void) { CHECK(symlinkat("target", folder, "a.spare") == 0); }
static void put_folder(void) { CHECK(mkdirat(folder, "a.spare", 0700) == 0); }
static void put_fifo(void) { CHECK(mkfifoat(folder, "a.spare", 0600) == 0); }
static void put_target(void) { CHECK(linkat(folder, "target", folder, "a.spare", 0) == 0); }
static void put_nothing(void) {}

/* Whatever lies in the spare's place, before there is one of ours or instead of it: nothing is written to it. */
static void test_foreign_spares(void) {
    static void (*const put[])(void) = {put_link, put_folder, put_fifo, put_target, put_nothing};
    for (size_t i = 0; i < 2 * sizeof put / sizeof *put; i++) {
        struct pos_stamp target;
        int fd = pos_file_write(folder, "target", "mine", 4, &target);
        struct pos_record record = written("one");
        if (i % 2) CHECK(replace(&record, "two") == 0 && unlinkat(folder, "a.spare", 0) == 0);
        put[i / 2]();
        CHECK(replace(&record, "three") == 0 && holds("three") && is_sound_spare());
        CHECK(replace(&record, "four") == 0 && holds("four") && is_sound_spare());
        CHECK(pos_file_is(folder, "target", &target) && pos_file_remove(folder, "target") == 0);
        close(fd);
        end(&record);
    }
}

static void test_folder_with_something(void) {
    struct pos_record record = written("one");
    put_folder();
    CHECK(mkdirat(folder, "a.spare/x", 0700) == 0);
    CHECK(replace(&record, "two") == 0 && holds("two") && replace(&record, "three") == 0 && holds("three"));
    pos_record_close(&record);
    CHECK(pos_record_remove(folder, "a") == 0 && inode_of("a") == 0);
    CHECK(unlinkat(folder, "a.spare/x", AT_REMOVEDIR) == 0 && unlinkat(folder, "a.spare", AT_REMOVEDIR) == 0);
}

/* A spare of ours that somebody has changed: its mode, its name, its content. */
static void test_changed_spares(void) {
    for (int what = 0; what < 4; what++) {
        struct pos_record record = written("one");
        CHECK(replace(&record, "two") == 0);
        ino_t spare = inode_of("a.spare");
        if (what == 0) CHECK(fchmodat(folder, "a.spare", 0644, 0) == 0);
        if (what == 1) CHECK(linkat(folder, "a.spare", folder, "b", 0) == 0);
        if (what == 2) CHECK(ftruncate(record.spare.fd, 1) == 0);
        if (what == 3) CHECK(fchmodat(folder, "a.spare", 0, 0) == 0);
        CHECK(replace(&record, "three") == 0 && holds("three"));
        struct stat st;
        CHECK(fstatat(folder, "a", &st, 0) == 0 && (st.st_mode & 07777) == 0600 && st.st_nlink == 1);
        if (what == 1) CHECK(inode_of("b") == spare && inode_of("a") != spare && unlinkat(folder, "b", 0) == 0);
        end(&record);
    }
}

/* The clock of a file can stand still or go back; a content has a time of its own all the same. */
static void test_times(void) {
    struct pos_record record = written("one");
    CHECK(replace(&record, "two") == 0);
    struct timespec times[2] = {{0, UTIME_OMIT}, {4000000000, 999999999}};
    CHECK(futimens(record.spare.fd, times) == 0);
    record.spare.stamp.written = times[1];
    for (int i = 0; i < 4; i++) {
        struct pos_stamp former = record.spare.stamp;
        CHECK(replace(&record, "abc") == 0 && record.file.stamp.inode == former.inode);
        CHECK(!pos_file_is(folder, "a", &former) && pos_file_is(folder, "a", &record.file.stamp));
        if (i == 0) CHECK(record.file.stamp.written.tv_sec == 4000000001 && record.file.stamp.written.tv_nsec == 0);
    }
    end(&record);
}

/* The number in a record's text, or -1: each text says its number twice and all of it. */
static int number_in(const char *text) {
    int number, again, length = 0;
    if (sscanf(text, "%d %d %n", &number, &again, &length) != 2 || number != again) return -1;
    return strspn(text + length, "x") == (size_t)(number % 40) && text[length + number % 40] == '\0' ? number : -1;
}

static const char *text_of(int number) {
    static char text[100];
    snprintf(text, sizeof text, "%d %d %.*s", number, number, number % 40, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    return text;
}

/* Without the guard: never torn, never older than what was seen. */
static int read_while_written(void) {
    char text[100];
    struct pos_file file;
    for (int seen = 0; seen < RACES;) {
        if (read_text(text, &file) != 0) return 1;
        close(file.fd);
        int number = number_in(text);
        if (number < seen) return 2;
        seen = number;
    }
    return 0;
}

/* A file that is said to be unchanged holds what it held. */
static int keep_while_written(void) {
    char text[100], again[100];
    struct pos_file file, same;
    int own = openat(folder, ".", O_RDONLY | O_DIRECTORY), number = 0;
    for (; number < RACES; number = number_in(text)) {
        if (read_text(text, &file) != 0) return 1;
        for (int turn = 0; turn < 3; turn++) {
            while (pos_lock_try(own) != 0) {}
            int kept = pos_file_is(folder, "a", &file.stamp), result = read_text(again, &same);
            pos_lock_release(own);
            if (result != 0) return 3;
            close(same.fd);
            if (kept != (strcmp(text, again) == 0)) return 4;
        }
        close(file.fd);
    }
    return 0;
}

static pid_t start(int (*fn)(void)) {
    pid_t child = fork();
    if (child == 0) _exit(fn());
    return child;
}

static int result_of(pid_t child) {
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_races(void) {
    struct pos_record record = written(text_of(0));
    pid_t readers[READERS + 1];
    for (int i = 0; i < READERS; i++) readers[i] = start(read_while_written);
    readers[READERS] = start(keep_while_written);
    for (int number = 1; number <= RACES;) {
        int result = replace(&record, text_of(number));
        CHECK(result == 0 || result == -POS_BUSY);
        if (result != -POS_BUSY) number++;
    }
    for (int i = 0; i <= READERS; i++) CHECK(result_of(readers[i]) == 0);
    end(&record);
}

/* From here on the call fails in this process; where `first` is not negative, only with this first argument. */
static int deny(long call, int first, int error) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
        BPF_JUMP(BPF_JMP | (first < 0 ? BPF_JGE : BPF_JEQ) | BPF_K, first < 0 ? 0 : (unsigned)first, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -errno;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : -errno;
}

enum which { ANY, FOLDER };

struct fault {
    long call;
    enum which first;
    int error, least;  /* how often the record has to be replaced before: the first time makes the spare */
    const char *text;  /* of the record afterwards; NULL: the old one */
    int result;
};

/* The time of a spare that was written in a year to come, so that the next content needs one set by us. */
static void age(struct pos_file *spare) {
    struct timespec times[2] = {{0, UTIME_OMIT}, {4000000000, 0}};
    CHECK(futimens(spare->fd, times) == 0);
    spare->stamp.written = times[1];
}

static int meet(const struct fault *fault, int before) {
    struct pos_record record = written("one");
    for (int i = 0; i < before; i++) CHECK(replace(&record, "a longer one") == 0);
    if (fault->call == SYS_utimensat) age(&record.spare);
    CHECK(deny(fault->call, fault->first == FOLDER ? folder : -1, fault->error) == 0);
    int result = replace(&record, "two");
    const char *wanted = fault->text ? fault->text : before ? "a longer one" : "one";
    int same = pos_file_is(folder, "a", &record.file.stamp);
    CHECK(result == fault->result && holds(wanted) && same == (result == 0 || fault->text == NULL));
    CHECK(result == 0 || inode_of("a.spare") == 0);
    return t_failed > 0;
}

static int meet_in_child(const struct fault *fault, int before) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        t_failed = 0;
        int failed = meet(fault, before);
        fflush(stdout);
        _exit(failed);
    }
    int result = result_of(child);
    CHECK(pos_record_remove(folder, "a") == 0);
    return result;
}

static int can_deny(void) {
    return deny(SYS_renameat2, -1, ENOSYS);
}

static void test_faults(void) {
    static const struct fault faults[] = {
        {SYS_renameat2, ANY, ENOSYS, 0, "two", 0},      {SYS_renameat2, ANY, EINVAL, 0, "two", 0},
        {SYS_renameat2, ANY, EPERM, 0, "two", 0},       {SYS_renameat2, ANY, EIO, 0, NULL, -EIO},
        {SYS_renameat2, ANY, EINTR, 0, NULL, -EINTR},   {SYS_renameat2, ANY, ENOENT, 0, NULL, -POS_CHANGED},
        {SYS_pwrite64, ANY, ENOSPC, 0, NULL, -ENOSPC},  {SYS_pwrite64, ANY, EINTR, 0, NULL, -EINTR},
        {SYS_fsync, ANY, EIO, 0, NULL, -EIO},           {SYS_fsync, FOLDER, EIO, 0, "two", -EIO},
        {SYS_ftruncate, ANY, EIO, 2, NULL, -EIO},       {SYS_utimensat, ANY, EIO, 1, "two", 0},
    };
    if (result_of(start(can_deny)) != 0) {
        printf("no seccomp here: failing calls are not tested\n");
        return;
    }
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        for (int before = faults[i].least; before < 3; before++) {
            int result = meet_in_child(&faults[i], before);
            if (result != 0) printf("fault %zu after %d replaces\n", i, before);
            CHECK(result == 0);
        }
}

int main(void) {
    CHECK(mkdtemp(top) != NULL);
    folder = pos_folder_open(top);
    CHECK(folder >= 0);
    test_replace();
    test_turns();
    test_reader_leaves_no_spare();
    test_foreign_spares();
    test_folder_with_something();
    test_changed_spares();
    test_times();
    test_races();
    test_faults();
    close(folder);
    CHECK(rmdir(top) == 0);
    return T_END();
}
