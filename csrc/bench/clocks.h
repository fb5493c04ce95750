/* The two clocks of the plain C programs beside which the library is measured, in microseconds. */
#ifndef BENCH_CLOCKS_H
#define BENCH_CLOCKS_H

/* Include this file first: it asks the C library for more than ISO C. */
#define _GNU_SOURCE 1
#include <sys/resource.h>
#include <time.h>

/* CPU time of this process, the system's share included. */
static inline double cpu(void) {
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e6 +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

static inline double wall(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

#endif
