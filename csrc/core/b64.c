#include "b64.h"

static const char plain_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Value of a character; X, with a bit that no value has, is what does not belong. One table for both alphabets
 * would be smaller and would accept the other's two characters. */
#define X 64
#define XROW X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X
#define LETTERS_AND_DIGITS(below_digits, underscore)                                                         \
    XROW, XROW, below_digits, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X, X, 0, 1, 2, 3, 4, 5, \
        6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, underscore,  \
        X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49,   \
        50, 51, X, X, X, X, X, XROW, XROW, XROW, XROW, XROW, XROW, XROW, XROW
#define PLAIN_ROW X, X, X, X, X, X, X, X, X, X, X, 62, X, X, X, 63
#define URL_ROW X, X, X, X, X, X, X, X, X, X, X, X, X, 62, X, X

static const unsigned char plain_values[] = {LETTERS_AND_DIGITS(PLAIN_ROW, X)};
static const unsigned char url_values[] = {LETTERS_AND_DIGITS(URL_ROW, 63)};
_Static_assert(sizeof plain_values == 256 && sizeof url_values == 256, "one value per octet");

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

/* The last one to three octets: two or three characters whose unused bits are zero. A single one is no octet. */
static bool decode_tail(const unsigned char *values, const unsigned char *in, size_t n, unsigned char *out) {
    if (n == 0) return true;
    if (n == 1) return false;
    unsigned a = values[in[0]], b = values[in[1]], c = n == 3 ? values[in[2]] : 0;
    out[0] = (unsigned char)(a << 2 | b >> 4);
    if (n == 3) out[1] = (unsigned char)(b << 4 | c >> 2);
    return (a | b | c) < X && (n == 3 ? c & 3 : b & 15) == 0;
}

static cog_err decode(const unsigned char *values, const char *text, size_t n, unsigned char *out, size_t *len) {
    const unsigned char *in = (const unsigned char *)text;
    unsigned char *start = out;
    unsigned seen = 0;
    for (; n >= 4; in += 4, n -= 4) {
        unsigned a = values[in[0]], b = values[in[1]], c = values[in[2]], d = values[in[3]];
        seen |= a | b | c | d;
        *out++ = (unsigned char)(a << 2 | b >> 4);
        *out++ = (unsigned char)(b << 4 | c >> 2);
        *out++ = (unsigned char)(c << 6 | d);
    }
    if (seen >= X || !decode_tail(values, in, n, out)) return COG_BAD_BASE64;
    *len = (size_t)(out - start) + (n ? n - 1 : 0);
    return COG_OK;
}

cog_err cog_b64_decode(const char *in, size_t n, unsigned char *out, size_t *len) {
    if (n % 4) return COG_BAD_BASE64;
    if (n && in[n - 1] == '=') n -= in[n - 2] == '=' ? 2 : 1;
    return decode(plain_values, in, n, out, len);
}

cog_err cog_b64url_decode(const char *in, size_t n, unsigned char *out, size_t *len) {
    return decode(url_values, in, n, out, len);
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
