/* Private files, folders and locks, clocks, names of results. */
#include "../posix/posix.h"
#include "t.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[] = "/tmp/lua-cognito.XXXXXX";
static int folder;

static int read_file(const char *name, struct pos_bytes *bytes) {
    struct pos_stamp stamp;
    int fd = pos_file_read(folder, name, 100, bytes, &stamp);
    return fd < 0 ? fd : close(fd);
}

static int write_file(int where, const char *name, const char *data, size_t size) {
    struct pos_stamp stamp;
    int fd = pos_file_write(where, name, data, size, &stamp);
    return fd < 0 ? fd : close(fd);
}

static int holds(const char *name, const char *wanted) {
    struct pos_bytes bytes = {NULL, 0};
    int result = read_file(name, &bytes);
    int same = result == 0 && bytes.size == strlen(wanted) && memcmp(bytes.data, wanted, bytes.size) == 0;
    pos_bytes_free(&bytes);
    return same;
}

static int read_result(const char *name) {
    struct pos_bytes bytes = {NULL, 0};
    int result = read_file(name, &bytes);
    CHECK(result == 0 || bytes.data == NULL);
    pos_bytes_free(&bytes);
    return result;
}

static void test_files(void) {
    CHECK(write_file(folder, "a", "one", 3) == 0 && holds("a", "one"));
    CHECK(write_file(folder, "a", "", 0) == 0 && holds("a", ""));
    CHECK(write_file(folder, "b", "two", 3) == 0);
    CHECK(pos_file_rename(folder, "b", "a") == -EEXIST && holds("a", "") && holds("b", "two"));
    CHECK(pos_file_rename(folder, "b", "c") == 0 && holds("c", "two") && read_result("b") == -ENOENT);
    CHECK(pos_file_remove(folder, "c") == 0 && pos_file_remove(folder, "c") == -ENOENT);
    static const char *names[] = {"", ".", "..", "a/b", "/a"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CHECK(read_result(names[i]) == -POS_NAME);
        CHECK(write_file(folder, names[i], "x", 1) == -POS_NAME);
        CHECK(pos_file_remove(folder, names[i]) == -POS_NAME);
        CHECK(pos_record_remove(folder, names[i]) == -POS_NAME);
        CHECK(pos_lock_open(folder, names[i]) < 0);
    }
    CHECK(pos_file_remove(folder, "a") == 0);
}

/* Every change of the file or of the name shows. */
static void test_stamps(void) {
    struct pos_stamp one, two;
    int first = pos_file_write(folder, "a", "one", 3, &one);
    CHECK(first >= 0 && pos_file_is(folder, "a", &one) && !pos_file_is(folder, "b", &one));
    for (int i = 0; i < 50; i++) {
        int second = pos_file_write(folder, "a", "one", 3, &two);
        CHECK(second >= 0 && pos_file_is(folder, "a", &two) && !pos_file_is(folder, "a", &one));
        close(second);
    }
    struct pos_bytes bytes = {NULL, 0};
    int again = pos_file_read(folder, "a", 100, &bytes, &one);
    CHECK(again >= 0 && pos_file_is(folder, "a", &one));
    pos_bytes_free(&bytes);
    CHECK(fchmod(again, 0644) == 0 && !pos_file_is(folder, "a", &one));
    close(again);
    close(first);
    CHECK(pos_file_remove(folder, "a") == 0 && !pos_file_is(folder, "a", &one));
}

static void test_list(void) {
    struct pos_bytes names = {NULL, 0};
    for (char name[] = "n0"; name[1] <= '9'; name[1]++) CHECK(write_file(folder, name, "x", 1) == 0);
    for (int turn = 0; turn < 2; turn++) {
        CHECK(pos_folder_list(folder, &names) == 0 && names.size == 30);
        pos_bytes_free(&names);
    }
    for (char name[] = "n0"; name[1] <= '9'; name[1]++) CHECK(pos_file_remove(folder, name) == 0);
    CHECK(pos_folder_list(folder, &names) == 0 && names.size == 0);
    pos_bytes_free(&names);
}

static int is_one_of(const struct pos_bytes *bytes, const char *one, const char *other) {
    return (bytes->size == strlen(one) && memcmp(bytes->data, one, bytes->size) == 0) ||
           (bytes->size == strlen(other) && memcmp(bytes->data, other, bytes->size) == 0);
}

/* A reader without a lock: whatever it opens is whole, though the name moves under its hands. It may give up on a name
 * that never stands still. */
static void test_replaced_under_the_reader(void) {
    CHECK(write_file(folder, "r", "aaaaaaaa", 8) == 0);
    pid_t writer = fork();
    if (writer == 0) {
        for (;;) {
            write_file(folder, "r", "aaaaaaaa", 8);
            write_file(folder, "r", "bbbb", 4);
        }
    }
    int whole = 0;
    for (int i = 0; i < 3000; i++) {
        struct pos_bytes bytes = {NULL, 0};
        int result = read_file("r", &bytes);
        CHECK(result == -EAGAIN || (result == 0 && is_one_of(&bytes, "aaaaaaaa", "bbbb")));
        whole += result == 0;
        pos_bytes_free(&bytes);
    }
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    for (int i = 0; i < 1000; i++) CHECK(read_result("r") == 0);
    CHECK(whole > 2900);
    pos_file_remove(folder, "r");
}

static int in_child(int (*fn)(int), int argument) {
    pid_t child = fork();
    if (child == 0) _exit(fn(argument));
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int try_own(int unused) {
    (void)unused;
    int lock = pos_lock_open(folder, "l");
    return lock < 0 ? 100 : pos_lock_try(lock) == -POS_BUSY ? 1 : 0;
}

static int close_inherited(int lock) {
    return close(lock);
}

static void test_locks(void) {
    int lock = pos_lock_open(folder, "l"), other = pos_lock_open(folder, "l");
    CHECK(lock >= 0 && other >= 0);
    CHECK(pos_lock_try(lock) == 0 && pos_lock_try(lock) == 0);
    CHECK(pos_lock_try(other) == -POS_BUSY);
    CHECK(in_child(try_own, 0) == 1);
    CHECK(in_child(close_inherited, lock) == 0);
    CHECK(in_child(try_own, 0) == 1);
    CHECK(pos_lock_release(lock) == 0 && pos_lock_try(other) == 0);
    CHECK(close(other) == 0 && pos_lock_try(lock) == 0);
    CHECK(pos_lock_is_current(lock) == 1);
    CHECK(pos_file_remove(folder, "l") == 0 && pos_lock_is_current(lock) == 0);
    other = pos_lock_open(folder, "l");
    CHECK(pos_lock_try(other) == 0 && pos_lock_is_current(other) == 1 && pos_lock_is_current(lock) == 0);
    close(lock);
    close(other);
    pos_file_remove(folder, "l");
}

static int knows_itself(int generations) {
    if (pos_pid() != getpid() || pos_pid() != getpid()) return 1;
    return generations > 0 ? in_child(knows_itself, generations - 1) : 0;
}

static void test_processes(void) {
    CHECK(knows_itself(3) == 0 && pos_pid() == getpid());
}

static void on_alarm(int number) {
    (void)number;
}

static void test_signals(void) {
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    double start = pos_monotime();
    pos_sleep(0.1);
    double slept = pos_monotime() - start;
    for (int i = 0; i < 200; i++) CHECK(write_file(folder, "s", "text", 4) == 0 && holds("s", "text"));
    setitimer(ITIMER_REAL, &never, NULL);
    CHECK(slept >= 0.1 && slept < 0.3);
    CHECK(pos_file_remove(folder, "s") == 0);
}

static void test_folders(void) {
    char path[256];
    snprintf(path, sizeof path, "%s/deep/er///", top);
    mode_t mask = umask(0777);
    int deep = pos_folder_open(path);
    umask(mask);
    CHECK(deep >= 0 && !pos_folder_is_gone(deep) && !pos_folder_is_remote(deep));
    struct stat st;
    CHECK(fstat(deep, &st) == 0 && (st.st_mode & 07777) == 0700);
    snprintf(path, sizeof path, "%s/deep/er", top);
    CHECK(rmdir(path) == 0 && pos_folder_is_gone(deep));
    CHECK(write_file(deep, "x", "x", 1) == -ENOENT);
    close(deep);
    CHECK(pos_folder_open("") == -ENOENT && pos_folder_open("/dev/null") == -POS_NOT_FOLDER);
    snprintf(path, sizeof path, "%s/deep", top);
    rmdir(path);
}

static void test_results(void) {
    CHECK(strcmp(pos_code(-ENOSPC), "ENOSPC") == 0 && strcmp(pos_code(-POS_SYMLINK), "symlink") == 0);
    CHECK(strcmp(pos_code(-98765), "system") == 0 && pos_message(-98765)[0] != '\0');
}

int main(void) {
    CHECK(mkdtemp(top) != NULL);
    folder = pos_folder_open(top);
    CHECK(folder >= 0);
    test_files();
    test_stamps();
    test_list();
    test_replaced_under_the_reader();
    test_locks();
    test_processes();
    test_signals();
    test_folders();
    test_results();
    struct pos_bytes left = {NULL, 0};
    CHECK(pos_folder_list(folder, &left) == 0);
    for (size_t at = 0; at < left.size; at += strlen(left.data + at) + 1) unlinkat(folder, left.data + at, 0);
    pos_bytes_free(&left);
    close(folder);
    CHECK(rmdir(top) == 0);
    return T_END();
}
