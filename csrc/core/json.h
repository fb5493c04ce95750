/* A strict pull reader for JSON: RFC 8259 to the letter, valid UTF-8, no name twice in one object however it is
 * spelled, at most COG_JSON_DEPTH_MAX levels. It allocates nothing and does no more than O(n) work.
 *
 *   for (;;) switch (cog_json_next(&json)) { case COG_JSON_NAME: ... case COG_JSON_END: return COG_OK;
 *                                            case COG_JSON_FAIL: return json.error; }
 *
 * The text is the reader's own until the end: escapes are decoded in place, and slices point into it. */
#ifndef COG_JSON_H
#define COG_JSON_H

#include "../cognito.h"

#include <string.h>

typedef enum {
    COG_JSON_FAIL, /* see error; so for good */
    COG_JSON_END,
    COG_JSON_OBJECT,
    COG_JSON_OBJECT_END,
    COG_JSON_ARRAY,
    COG_JSON_ARRAY_END,
    COG_JSON_NAME,    /* string; its value comes next */
    COG_JSON_STRING,  /* string */
    COG_JSON_INTEGER, /* integer, and the same as real */
    COG_JSON_REAL,    /* real: a fraction, an exponent, or an integer beyond int64 */
    COG_JSON_TRUE,
    COG_JSON_FALSE,
    COG_JSON_NULL,
} cog_json_event;

struct cog_json_name;

typedef struct {
    cog_slice string;
    bool plain; /* it stands in the text as it is, and in ASCII */
    int64_t integer;
    double real;
    cog_err error; /* COG_BAD_JSON, _BAD_UTF8, _DUPLICATE_KEY, _TOO_DEEP, _NUMBER_RANGE, _TOO_LARGE */
    unsigned depth; /* open objects and arrays, the one just begun included */

    /* the rest is the reader's own */
    unsigned char *start, *at, *end;
    int state;
    uint32_t name_count, table_size;
    struct cog_json_name *names;
    uint32_t *table;
    bool table_ready;
    const unsigned char *seed;
    struct {
        uint32_t last_name, names, id; /* id 0: an array */
    } frames[COG_JSON_DEPTH_MAX];
} cog_json;

/* The most names that the text can hold, and the octets of work space that so many need. */
uint32_t cog_json_names(cog_slice text);
size_t cog_json_work(uint32_t names);

/* `names` as counted for this very text; `work` is aligned for uint32_t, or NULL when it needs no octet; `seed` has
 * COG_SEED_SIZE secret octets, which keep whoever writes the text from choosing names that collide. Text, work and
 * seed outlive the reader. */
void cog_json_init(cog_json *json, unsigned char *text, size_t len, uint32_t names, void *work,
                   const unsigned char *seed);

cog_json_event cog_json_next(cog_json *json);

/* After an event that began an object or array: reads to its end. False: COG_JSON_FAIL. For other values: true. */
bool cog_json_skip(cog_json *json, cog_json_event begun);

/* Octets of the text that are behind the reader: around a value, the value's own text and what white space leads it. */
static inline size_t cog_json_offset(const cog_json *json) {
    return (size_t)(json->at - json->start);
}

static inline bool cog_slice_is(cog_slice slice, const char *text, size_t len) {
    return slice.len == len && memcmp(slice.data, text, len) == 0;
}
#define COG_IS(slice, literal) cog_slice_is(slice, literal, sizeof literal - 1)

#endif
