/* The numbers of JSON (RFC 8259 section 6), read exactly: integers as int64 where they fit, all others rounded to the
 * nearest double, whatever the locale. */
#ifndef COG_NUMBER_H
#define COG_NUMBER_H

#include "../cognito.h"

typedef struct {
    bool is_integer; /* neither fraction nor exponent, and it fits */
    int64_t integer;
    double real; /* also of an integer; infinite when no double is that large */
} cog_number;

/* The number that begins at `text`: its end, or NULL when there is none. */
const unsigned char *cog_number_read(const unsigned char *text, const unsigned char *end, cog_number *number);

#endif
