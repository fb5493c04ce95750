/* Shared libraries, mapped before a loader asks for them. */
#include "posix.h"

#include <dlfcn.h>
#include <errno.h>

int pos_library_map(const char *path) {
    return dlopen(path, RTLD_LAZY | RTLD_LOCAL) != NULL ? 0 : -ENOENT;
}
