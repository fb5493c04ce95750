/* Which process this is, without asking the system each time; a descriptor in reserve. */
#include "posix.h"
#include "retry.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

static pid_t nowhere; /* stands for a page where the system has none of that sort; stays zero */
static _Atomic(pid_t *) page;

/* A page that the kernel empties in a forked child. */
static pid_t *map_page(void) {
    pid_t *fresh = &nowhere, *other = NULL;
#ifdef MADV_WIPEONFORK
    void *mapped = mmap(NULL, sizeof *fresh, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped != MAP_FAILED && madvise(mapped, sizeof *fresh, MADV_WIPEONFORK) == 0) fresh = mapped;
    else if (mapped != MAP_FAILED) munmap(mapped, sizeof *fresh);
#endif
    if (atomic_compare_exchange_strong(&page, &other, fresh)) return fresh;
    if (fresh != &nowhere) munmap(fresh, sizeof *fresh);
    return other;
}

/* A program that opens the library anew for each Lua state gets a page each time. */
__attribute__((destructor)) static void unmap_page(void) {
    pid_t *known = atomic_exchange(&page, NULL);
    if (known != NULL && known != &nowhere) munmap(known, sizeof *known);
}

pid_t pos_pid(void) {
    volatile pid_t *known = atomic_load_explicit(&page, memory_order_acquire);
    if (known == NULL) known = map_page();
    pid_t pid = *known;
    if (pid != 0) return pid;
    pid = getpid();
    if (known != &nowhere) *known = pid;
    return pid;
}

int pos_reserve(void) {
    int fd;
    POS_RETRY(fd, open("/dev/null", O_RDONLY | O_CLOEXEC));
    return fd < 0 ? -errno : fd;
}
