#include "json.h"
#include "number.h"
#include "plain.h"
#include "utf8.h"

#include <math.h>
#include <string.h>

enum {
    WANT_VALUE,       /* at the start, after a colon, after a comma in an array */
    WANT_FIRST_VALUE, /* after [ */
    WANT_FIRST_NAME,  /* after { */
    WANT_MORE,        /* after a value inside something */
    WANT_END,         /* after the outermost value */
    WANT_NOTHING,     /* after a failure */
};

enum { FEW_NAMES = 16, NO_NAME = 0xffffffff };

struct cog_json_name {
    uint32_t at, len;  /* in the text, decoded */
    uint32_t object;   /* id of the object that it belongs to */
    uint32_t previous; /* in the same object, or NO_NAME */
};

static cog_json_event fail(cog_json *json, cog_err error) {
    json->error = error;
    json->state = WANT_NOTHING;
    return COG_JSON_FAIL;
}

/* ---- names: none twice in an object -------------------------------------------------------------------------- */

/* A name takes two quotation marks at least. */
uint32_t cog_json_names(cog_slice text) {
    return text.len > COG_JSON_MAX ? 0 : (uint32_t)(cog_json_marks(text) / 2);
}

/* A power of two that stays at least half empty; small objects never use the table. */
static uint32_t table_size(uint32_t names) {
    uint32_t size = 0;
    if (names > FEW_NAMES)
        for (size = 2 * FEW_NAMES; size < 2 * names;) size *= 2;
    return size;
}

size_t cog_json_work(uint32_t names) {
    return names * sizeof(struct cog_json_name) + table_size(names) * sizeof(uint32_t);
}

static uint64_t rotate(uint64_t x, int by) {
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4]) {
    v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
    v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

static void sip_block(uint64_t v[4], uint64_t block) {
    v[3] ^= block;
    sip_round(v);
    v[0] ^= block;
}

/* SipHash-1-3 of the object's id and the name: with a secret seed nobody can aim at one slot. */
static uint64_t hash(const unsigned char *seed, uint32_t object, const unsigned char *name, size_t len) {
    uint64_t key[2], block;
    memcpy(key, seed, sizeof key);
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
                     key[1] ^ 0x7465646279746573};
    sip_block(v, (uint64_t)len << 32 | object);
    for (; len >= sizeof block; name += sizeof block, len -= sizeof block) {
        memcpy(&block, name, sizeof block);
        sip_block(v, block);
    }
    block = 0;
    memcpy(&block, name, len);
    sip_block(v, block);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static bool same_name(const cog_json *json, const struct cog_json_name *a, const struct cog_json_name *b) {
    return a->object == b->object && a->len == b->len &&
           memcmp(json->start + a->at, json->start + b->at, a->len) == 0;
}

static bool is_in_chain(const cog_json *json, const struct cog_json_name *name) {
    for (uint32_t i = name->previous; i != NO_NAME; i = json->names[i].previous)
        if (same_name(json, name, &json->names[i])) return true;
    return false;
}

/* Enters the name in the table; false: it is there already. */
static bool enter(cog_json *json, uint32_t index) {
    const struct cog_json_name *name = &json->names[index];
    uint32_t mask = json->table_size - 1;
    uint32_t slot = (uint32_t)hash(json->seed, name->object, json->start + name->at, name->len) & mask;
    for (; json->table[slot]; slot = (slot + 1) & mask)
        if (same_name(json, name, &json->names[json->table[slot] - 1])) return false;
    json->table[slot] = index + 1;
    return true;
}

/* An object has outgrown the short chain: its names move to the table. */
static void enter_chain(cog_json *json, uint32_t index) {
    if (!json->table_ready) memset(json->table, 0, json->table_size * sizeof *json->table);
    json->table_ready = true;
    for (; index != NO_NAME; index = json->names[index].previous) enter(json, index);
}

/* Records the name just read; false: this object has it already. */
static bool add_name(cog_json *json) {
    uint32_t index = json->name_count++, frame = json->depth - 1;
    struct cog_json_name *name = &json->names[index];
    name->at = (uint32_t)(json->string.data - json->start);
    name->len = (uint32_t)json->string.len;
    name->object = json->frames[frame].id;
    name->previous = json->frames[frame].last_name;
    json->frames[frame].last_name = index;
    uint32_t before = json->frames[frame].names++;
    if (before < FEW_NAMES) return !is_in_chain(json, name);
    if (before == FEW_NAMES) enter_chain(json, name->previous);
    return enter(json, index);
}

/* ---- strings ------------------------------------------------------------------------------------------------- */

static unsigned char *put_utf8(unsigned char *out, uint32_t c) {
    if (c < 0x80) {
        *out++ = (unsigned char)c;
        return out;
    }
    if (c < 0x800) {
        *out++ = (unsigned char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *out++ = (unsigned char)(0xe0 | c >> 12);
        } else {
            *out++ = (unsigned char)(0xf0 | c >> 18);
            *out++ = (unsigned char)(0x80 | (c >> 12 & 0x3f));
        }
        *out++ = (unsigned char)(0x80 | (c >> 6 & 0x3f));
    }
    *out++ = (unsigned char)(0x80 | (c & 0x3f));
    return out;
}

static bool read_hex4(const unsigned char *p, const unsigned char *end, uint32_t *unit) {
    if (end - p < 4) return false;
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = p[i], letter = c | 0x20;
        if (c >= '0' && c <= '9') *unit = *unit << 4 | (uint32_t)(c - '0');
        else if (letter >= 'a' && letter <= 'f') *unit = *unit << 4 | (uint32_t)(letter - 'a' + 10);
        else return false;
    }
    return true;
}

/* \uXXXX at p, behind the u. Surrogates only in pairs: a lone one is no character. NULL: wrong. */
static const unsigned char *read_unicode(const unsigned char *p, const unsigned char *end, uint32_t *c) {
    uint32_t low;
    if (!read_hex4(p, end, c)) return NULL;
    p += 4;
    if (*c < 0xd800 || *c > 0xdfff) return p;
    if (*c > 0xdbff || end - p < 6 || p[0] != '\\' || p[1] != 'u') return NULL;
    if (!read_hex4(p + 2, end, &low) || low < 0xdc00 || low > 0xdfff) return NULL;
    *c = 0x10000 + ((*c - 0xd800) << 10 | (low - 0xdc00));
    return p + 6;
}

/* The escape behind the backslash at json->at goes to *out, which never overtakes it. */
static bool read_escape(cog_json *json, unsigned char **out) {
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (json->at == json->end) return false;
    unsigned char name = *json->at++;
    if (name == 'u') {
        uint32_t c;
        const unsigned char *next = read_unicode(json->at, json->end, &c);
        if (!next) return false;
        json->at += next - json->at;
        *out = put_utf8(*out, c);
        return true;
    }
    const char *found = name ? strchr(names, name) : NULL;
    if (found) *(*out)++ = (unsigned char)meant[found - names];
    return found != NULL;
}

/* Copies what needs no decoding down to *out, once an escape has made the text shorter. */
static void move_down(unsigned char **out, const unsigned char *from, size_t len) {
    if (*out != from) memmove(*out, from, len);
    *out += len;
}

/* One step inside a string at something that is not plain and not the closing mark. */
static cog_err read_odd(cog_json *json, unsigned char **out) {
    unsigned char *p = json->at;
    if (*p == '\\') {
        json->at++;
        return read_escape(json, out) ? COG_OK : COG_BAD_JSON;
    }
    if (*p < 0x20) return COG_BAD_JSON;
    size_t length = cog_utf8_length(p, (size_t)(json->end - p));
    if (length == 0) return COG_BAD_UTF8;
    move_down(out, p, length);
    json->at += length;
    return COG_OK;
}

/* The string whose opening mark is behind us: into json->string. */
static cog_err read_string(cog_json *json) {
    unsigned char *start = json->at, *out = start;
    json->plain = true;
    for (;;) {
        unsigned char *run = json->at;
        json->at += cog_json_plain((cog_slice){run, (size_t)(json->end - run)});
        move_down(&out, run, (size_t)(json->at - run));
        if (json->at == json->end) return COG_BAD_JSON;
        if (*json->at == '"') break;
        json->plain = false;
        cog_err error = read_odd(json, &out);
        if (error) return error;
    }
    json->at++;
    json->string = (cog_slice){start, (size_t)(out - start)};
    return COG_OK;
}

static cog_json_event read_number(cog_json *json) {
    cog_number number;
    const unsigned char *end = cog_number_read(json->at, json->end, &number);
    if (!end) return fail(json, COG_BAD_JSON);
    json->at += end - json->at;
    json->integer = number.integer;
    json->real = number.real;
    if (number.is_integer) return COG_JSON_INTEGER;
    return isfinite(number.real) ? COG_JSON_REAL : fail(json, COG_NUMBER_RANGE);
}

/* ---- the grammar ----------------------------------------------------------------------------------------------- */

void cog_json_init(cog_json *json, unsigned char *text, size_t len, uint32_t names, void *work,
                   const unsigned char *seed) {
    json->error = COG_OK;
    json->depth = 0;
    json->start = json->at = text;
    json->end = text + len;
    json->state = WANT_VALUE;
    json->name_count = 0;
    json->names = work;
    json->table = names ? (uint32_t *)(void *)(json->names + names) : NULL;
    json->table_size = table_size(names);
    json->table_ready = false;
    json->seed = seed;
    if (len > COG_JSON_MAX) fail(json, COG_TOO_LARGE);
}

static bool is_space(unsigned char c) {
    return c <= ' ' && (c == ' ' || c == '\t' || c == '\n' || c == '\r');
}

/* The next character that is no white space, consumed; -1 at the end. */
static inline int next_char(cog_json *json) {
    const unsigned char *end = json->end;
    unsigned char *at = json->at;
    while (at < end && is_space(*at)) at++;
    json->at = at < end ? at + 1 : at;
    return at < end ? *at : -1;
}

static void after_value(cog_json *json) {
    json->state = json->depth ? WANT_MORE : WANT_END;
}

static cog_json_event begin(cog_json *json, bool object) {
    if (json->depth == COG_JSON_DEPTH_MAX) return fail(json, COG_TOO_DEEP);
    json->frames[json->depth].last_name = NO_NAME;
    json->frames[json->depth].names = 0;
    json->frames[json->depth].id = object ? (uint32_t)(json->at - json->start) : 0;
    json->depth++;
    json->state = object ? WANT_FIRST_NAME : WANT_FIRST_VALUE;
    return object ? COG_JSON_OBJECT : COG_JSON_ARRAY;
}

static bool in_object(const cog_json *json) {
    return json->frames[json->depth - 1].id != 0;
}

static cog_json_event finish(cog_json *json) {
    cog_json_event event = in_object(json) ? COG_JSON_OBJECT_END : COG_JSON_ARRAY_END;
    json->depth--;
    after_value(json);
    return event;
}

static cog_json_event read_word(cog_json *json, const char *rest, size_t len, cog_json_event event) {
    if ((size_t)(json->end - json->at) < len || memcmp(json->at, rest, len) != 0) return fail(json, COG_BAD_JSON);
    json->at += len;
    after_value(json);
    return event;
}

static cog_json_event read_text(cog_json *json) {
    cog_err error = read_string(json);
    if (error) return fail(json, error);
    after_value(json);
    return COG_JSON_STRING;
}

static cog_json_event read_value(cog_json *json, int c) {
    switch (c) {
    case '{': return begin(json, true);
    case '[': return begin(json, false);
    case '"': return read_text(json);
    case 't': return read_word(json, "rue", 3, COG_JSON_TRUE);
    case 'f': return read_word(json, "alse", 4, COG_JSON_FALSE);
    case 'n': return read_word(json, "ull", 3, COG_JSON_NULL);
    case -1: return fail(json, COG_BAD_JSON);
    }
    json->at--;
    after_value(json);
    return read_number(json);
}

static cog_json_event read_name(cog_json *json, int c) {
    if (c != '"') return fail(json, COG_BAD_JSON);
    cog_err error = read_string(json);
    if (error) return fail(json, error);
    if (!add_name(json)) return fail(json, COG_DUPLICATE_KEY);
    if (next_char(json) != ':') return fail(json, COG_BAD_JSON);
    json->state = WANT_VALUE;
    return COG_JSON_NAME;
}

static cog_json_event read_more(cog_json *json, int c) {
    bool object = in_object(json);
    if (c == (object ? '}' : ']')) return finish(json);
    if (c != ',') return fail(json, COG_BAD_JSON);
    c = next_char(json);
    return object ? read_name(json, c) : read_value(json, c);
}

cog_json_event cog_json_next(cog_json *json) {
    if (json->state == WANT_NOTHING) return COG_JSON_FAIL;
    int c = next_char(json);
    switch (json->state) {
    case WANT_VALUE: return read_value(json, c);
    case WANT_FIRST_VALUE: return c == ']' ? finish(json) : read_value(json, c);
    case WANT_FIRST_NAME: return c == '}' ? finish(json) : read_name(json, c);
    case WANT_MORE: return read_more(json, c);
    }
    return c < 0 ? COG_JSON_END : fail(json, COG_BAD_JSON);
}

bool cog_json_skip(cog_json *json, cog_json_event begun) {
    if (begun != COG_JSON_OBJECT && begun != COG_JSON_ARRAY) return begun != COG_JSON_FAIL;
    for (unsigned outside = json->depth - 1; json->depth > outside;)
        if (cog_json_next(json) == COG_JSON_FAIL) return false;
    return true;
}
