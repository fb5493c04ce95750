/* The two loops that see every octet of a JSON text. */
#ifndef COG_PLAIN_H
#define COG_PLAIN_H

#include "../cognito.h"

static inline bool cog_json_is_plain(unsigned char c) {
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Octets at the start of `text` that can stand in a JSON string as they are: printable ASCII without quotation mark
 * and backslash. */
size_t cog_json_plain(cog_slice text);

/* The quotation marks in it. */
size_t cog_json_marks(cog_slice text);

#endif
