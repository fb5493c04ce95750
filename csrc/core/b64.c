#include "b64.h"

static const char plain_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Four tables for each alphabet: the value of a character at its place in a group of four, or BAD, a bit that no value
 * reaches. One table for both alphabets would accept the other's two characters. */
#define BAD 0x1000000
#define BAD_4 BAD, BAD, BAD, BAD
#define BAD_16 BAD_4, BAD_4, BAD_4, BAD_4
#define EACH_4(at, v) at(v), at(v + 1), at(v + 2), at(v + 3)
#define DIGITS(at) EACH_4(at, 52), EACH_4(at, 56), at(60), at(61)
#define LETTERS(at, v)                                                                                     \
    EACH_4(at, v), EACH_4(at, v + 4), EACH_4(at, v + 8), EACH_4(at, v + 12), EACH_4(at, v + 16), EACH_4(at, v + 20), \
        at(v + 24), at(v + 25)
#define TABLE(at, plus, minus, slash, underscore)                                                           \
    {BAD_16, BAD_16, BAD_4, BAD_4, BAD, BAD, BAD, plus, BAD, minus, BAD, slash, DIGITS(at), BAD_4, BAD,     \
     BAD, BAD, LETTERS(at, 0), BAD_4, underscore, BAD, LETTERS(at, 26), BAD_4, BAD, BAD_16, BAD_16, BAD_16, \
     BAD_16, BAD_16, BAD_16, BAD_16, BAD_16}
#define PLAIN(at) TABLE(at, at(62), BAD, at(63), BAD)
#define URL(at) TABLE(at, BAD, at(62), BAD, at(63))
#define FIRST(v) (uint32_t)(v) << 18
#define SECOND(v) (uint32_t)(v) << 12
#define THIRD(v) (uint32_t)(v) << 6
#define FOURTH(v) (uint32_t)(v)

typedef const uint32_t tables[4][256];
static tables plain_values = {PLAIN(FIRST), PLAIN(SECOND), PLAIN(THIRD), PLAIN(FOURTH)};
static tables url_values = {URL(FIRST), URL(SECOND), URL(THIRD), URL(FOURTH)};

size_t cog_b64_size(size_t n) {
    return (n + 2) / 3 * 4;
}

size_t cog_b64url_size(size_t n) {
    return n / 3 * 4 + (n % 3 ? n % 3 + 1 : 0);
}

size_t cog_b64_room(size_t n) {
    return n / 4 * 3 + (n % 4 ? n % 4 - 1 : 0);
}

/* Writes the unpadded form and returns its end. */
static char *encode(const char *digits, const unsigned char *in, size_t n, char *out) {
    for (; n >= 3; in += 3, n -= 3) {
        *out++ = digits[in[0] >> 2];
        *out++ = digits[(in[0] & 3) << 4 | in[1] >> 4];
        *out++ = digits[(in[1] & 15) << 2 | in[2] >> 6];
        *out++ = digits[in[2] & 63];
    }
    if (n == 0) return out;
    unsigned second = n == 2 ? in[1] : 0;
    *out++ = digits[in[0] >> 2];
    *out++ = digits[(in[0] & 3u) << 4 | second >> 4];
    if (n == 2) *out++ = digits[(second & 15) << 2];
    return out;
}

void cog_b64_encode(const unsigned char *in, size_t n, char *out) {
    char *end = out + cog_b64_size(n);
    for (out = encode(plain_digits, in, n, out); out < end;) *out++ = '=';
}

void cog_b64url_encode(const unsigned char *in, size_t n, char *out) {
    encode(url_digits, in, n, out);
}

/* The last one or two octets: two or three characters whose unused bits are zero. A single one is no octet. */
static bool decode_tail(tables *values, const unsigned char *in, size_t n, unsigned char *out) {
    if (n == 0) return true;
    if (n == 1) return false;
    uint32_t three = (*values)[0][in[0]] | (*values)[1][in[1]] | (n == 3 ? (*values)[2][in[2]] : 0);
    out[0] = (unsigned char)(three >> 16);
    if (n == 3) out[1] = (unsigned char)(three >> 8);
    return three < BAD && (three & (n == 3 ? 0xff : 0xffff)) == 0;
}

static cog_err decode(tables *values, const char *text, size_t n, unsigned char *out, size_t *len) {
    const unsigned char *in = (const unsigned char *)text;
    unsigned char *start = out;
    uint32_t seen = 0;
    for (; n >= 4; in += 4, n -= 4, out += 3) {
        uint32_t three = (*values)[0][in[0]] | (*values)[1][in[1]] | (*values)[2][in[2]] | (*values)[3][in[3]];
        seen |= three;
        out[0] = (unsigned char)(three >> 16);
        out[1] = (unsigned char)(three >> 8);
        out[2] = (unsigned char)three;
    }
    if (seen >= BAD || !decode_tail(values, in, n, out)) return COG_BAD_BASE64;
    *len = (size_t)(out - start) + (n ? n - 1 : 0);
    return COG_OK;
}

cog_err cog_b64_decode(const char *in, size_t n, unsigned char *out, size_t *len) {
    if (n % 4) return COG_BAD_BASE64;
    if (n && in[n - 1] == '=') n -= in[n - 2] == '=' ? 2 : 1;
    return decode(&plain_values, in, n, out, len);
}

cog_err cog_b64url_decode(const char *in, size_t n, unsigned char *out, size_t *len) {
    return decode(&url_values, in, n, out, len);
}

void cog_hex_encode(const unsigned char *in, size_t n, char *out) {
    static const char digits[] = "0123456789abcdef";
    for (; n; in++, n--) {
        *out++ = digits[*in >> 4];
        *out++ = digits[*in & 15];
    }
}

static unsigned hex_value(unsigned char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10u : 16;
}

cog_err cog_hex_decode(const char *in, size_t n, unsigned char *out, size_t *len) {
    if (n % 2) return COG_BAD_HEX;
    for (size_t i = 0; i < n; i += 2) {
        unsigned high = hex_value((unsigned char)in[i]), low = hex_value((unsigned char)in[i + 1]);
        if ((high | low) > 15) return COG_BAD_HEX;
        *out++ = (unsigned char)(high << 4 | low);
    }
    *len = n / 2;
    return COG_OK;
}
