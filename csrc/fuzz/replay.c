/* Runs a fuzz entry point over stored inputs, so that an ordinary compiler and valgrind can do it too.
 * usage: replay FOLDER...; the last line is `N passed, N failed` (an input fails by ending the process). */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return -1;
    /* Exactly as large as the input, so that a read past its end is seen by ASan and valgrind. */
    long size = fseek(file, 0, SEEK_END) ? -1 : ftell(file);
    uint8_t *data = size < 0 ? NULL : malloc(size ? (size_t)size : 1);
    rewind(file);
    int ok = data && fread(data, 1, (size_t)size, file) == (size_t)size;
    fclose(file);
    if (ok) LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    return ok ? 0 : -1;
}

static void replay_folder(const char *folder, int *passed, int *failed) {
    DIR *dir = opendir(folder);
    if (!dir) {
        printf("no corpus folder: %s\n", folder);
        ++*failed;
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[4096];
        if (entry->d_name[0] == '.') continue;
        int length = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        int ok = length > 0 && (size_t)length < sizeof path && replay_file(path) == 0;
        if (ok) ++*passed;
        else printf("cannot read %s\n", path), ++*failed;
    }
    closedir(dir);
}

int main(int argc, char **argv) {
    int passed = 0, failed = 0;
    for (int i = 1; i < argc; i++) replay_folder(argv[i], &passed, &failed);
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
