/*
 * What lua-cognito asks of the operating system beyond ISO C: clocks, private files, locks.
 * No Lua in here. Functions that can fail return 0 (or a descriptor) on success and a negated
 * errno value on failure, so that a caller never has to look at errno.
 */
#ifndef COGNITO_POSIX_H
#define COGNITO_POSIX_H

/* Include this file first: it asks the C library for more than ISO C. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

/* ---- clocks: float seconds ---- */

/* Wall clock, seconds since the epoch. Can jump. */
double pos_now(void);

/* Monotonic clock for deadlines. Stands still while the machine is suspended. */
double pos_monotime(void);

/* Monotonic clock that counts suspended time too. Beside pos_monotime it shows a suspend. */
double pos_boottime(void);

/* Waits this many seconds (at most a day; nothing for zero, negative and NaN), whatever signals
 * arrive in between. */
void pos_sleep(double seconds);

#endif
