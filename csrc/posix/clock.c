/* Clocks in float seconds, and a sleep that signals cannot stretch. */
#include "posix.h"

#include <errno.h>
#include <time.h>

#define LONGEST_SLEEP 86400.0

static double read_clock(clockid_t id) {
    struct timespec t;
    if (clock_gettime(id, &t) != 0) return 0.0;
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double pos_now(void) {
    return read_clock(CLOCK_REALTIME);
}

double pos_monotime(void) {
    return read_clock(CLOCK_MONOTONIC);
}

double pos_boottime(void) {
#ifdef CLOCK_BOOTTIME
    return read_clock(CLOCK_BOOTTIME);
#else
    return read_clock(CLOCK_MONOTONIC);
#endif
}

/* The end is an absolute time: a stream of signals cannot stretch the wait. */
void pos_sleep(double seconds) {
    struct timespec end;
    if (!(seconds > 0.0)) return;
    if (seconds > LONGEST_SLEEP) seconds = LONGEST_SLEEP;
    clock_gettime(CLOCK_MONOTONIC, &end);
    time_t whole = (time_t)seconds;
    end.tv_sec += whole;
    end.tv_nsec += (long)((seconds - (double)whole) * 1e9);
    if (end.tv_nsec >= 1000000000L) {
        end.tv_sec += 1;
        end.tv_nsec -= 1000000000L;
    }
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, 0) == EINTR) {
    }
}
