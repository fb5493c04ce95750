#include "json_write.h"
#include "plain.h"
#include "utf8.h"

#include <string.h>

enum { ESCAPE_MAX = 6 };

size_t cog_json_string_room(cog_slice text, size_t plain) {
    return 2 + plain + ESCAPE_MAX * (text.len - plain);
}

static unsigned char *put_octets(unsigned char *out, const void *data, size_t len) {
    if (len) memcpy(out, data, len);
    return out + len;
}

static unsigned char *put_escape(unsigned char *out, unsigned char c) {
    static const char digits[] = "0123456789abcdef", meant[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
    const char *found = c ? strchr(meant, c) : NULL;
    *out++ = '\\';
    if (found) {
        *out++ = (unsigned char)names[found - meant];
        return out;
    }
    out = put_octets(out, "u00", 3);
    *out++ = (unsigned char)digits[c >> 4];
    *out++ = (unsigned char)digits[c & 15];
    return out;
}

static unsigned char *put_text(unsigned char *out, const unsigned char *p, const unsigned char *end, bool any) {
    while (p < end) {
        size_t length = 1;
        if (cog_json_is_plain(*p)) {
            *out++ = *p;
        } else if (*p < 0x80) {
            out = put_escape(out, *p);
        } else {
            length = cog_utf8_length(p, (size_t)(end - p));
            if (length == 0 && any) length = 1;
            if (length == 0) return NULL;
            out = put_octets(out, p, length);
        }
        p += length;
    }
    return out;
}

unsigned char *cog_json_put_string(unsigned char *out, cog_slice text, size_t plain, bool any_octets) {
    *out++ = '"';
    out = put_octets(out, text.data, plain);
    if (plain < text.len) out = put_text(out, text.data + plain, text.data + text.len, any_octets);
    if (out) *out++ = '"';
    return out;
}

unsigned char *cog_json_put_integer(unsigned char *out, int64_t value) {
    unsigned char digits[COG_JSON_INTEGER_ROOM], *at = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do *--at = (unsigned char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0) *--at = '-';
    return put_octets(out, at, (size_t)(digits + sizeof digits - at));
}
