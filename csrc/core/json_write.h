/* Strings and integers as JSON text (RFC 8259). */
#ifndef COG_JSON_WRITE_H
#define COG_JSON_WRITE_H

#include "../cognito.h"

enum { COG_JSON_INTEGER_ROOM = 20 };

/* The most octets that cog_json_put_string writes for a text of which `plain` octets are plain. */
size_t cog_json_string_room(cog_slice text, size_t plain);

/* Writes the string with its marks; the end of what was written, or NULL when the text is not UTF-8 and may not hold
 * `any_octets`. `plain` as counted for this very text. */
unsigned char *cog_json_put_string(unsigned char *out, cog_slice text, size_t plain, bool any_octets);

/* At most COG_JSON_INTEGER_ROOM octets; their end. */
unsigned char *cog_json_put_integer(unsigned char *out, int64_t value);

#endif
