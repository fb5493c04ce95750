/* The smallest test harness: CHECK counts, T_END prints `N passed, N failed` and gives the exit code. */
#ifndef T_H
#define T_H

#include "../cognito.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int t_passed, t_failed;

#define CHECK(condition)                                                      \
    do {                                                                      \
        if (condition) t_passed++;                                            \
        else t_failed++, printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
    } while (0)

#define CHECK_ERR(expression, wanted) t_check_err(__FILE__, __LINE__, #expression, expression, wanted)

static inline void t_check_err(const char *file, int line, const char *text, cog_err got, cog_err wanted) {
    if (got == wanted) t_passed++;
    else t_failed++, printf("%s:%d: %s: %s instead of %s\n", file, line, text, cog_err_name(got), cog_err_name(wanted));
}

#define T_END() (printf("%d passed, %d failed\n", t_passed, t_failed), t_failed != 0)

static inline cog_slice t_slice(const char *text) {
    return (cog_slice){(const unsigned char *)text, strlen(text)};
}

/* A copy that is exactly as large as the text, so that ASan and valgrind see a read past its end. */
static inline unsigned char *t_tight(const void *data, size_t n) {
    unsigned char *copy = malloc(n ? n : 1);
    if (!copy) abort();
    if (n) memcpy(copy, data, n);
    return copy;
}

/* Text in one of eight rooms that are used in turn. */
__attribute__((format(printf, 1, 2))) static inline const char *t_format(const char *format, ...) {
    static char rooms[8][300000];
    static int turn;
    char *room = rooms[turn++ % 8];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(room, sizeof rooms[0], format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof rooms[0]) abort();
    return room;
}

#endif
