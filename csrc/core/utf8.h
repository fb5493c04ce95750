/* UTF-8 as RFC 3629 section 4 defines it: no overlong form, no surrogate, nothing beyond U+10FFFF. */
#ifndef COG_UTF8_H
#define COG_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The length of the sequence of more than one octet at `p`, 0 when there is none. */
static inline size_t cog_utf8_length(const unsigned char *p, size_t room) {
    size_t length = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    if (length == 0 || length > room) return 0;
    unsigned least = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    unsigned most = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < least || p[1] > most) return 0;
    for (size_t i = 2; i < length; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    return length;
}

/* The character of a sequence that is sound and `length` octets long. */
static inline uint32_t cog_utf8_character(const unsigned char *p, size_t length) {
    uint32_t c = p[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) c = c << 6 | (p[i] & 0x3f);
    return c;
}

#endif
