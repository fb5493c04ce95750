#include "plain.h"

#include <string.h>

static bool is_plain(unsigned char c) {
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

#ifdef __SSE2__
#include <emmintrin.h>

enum { BLOCK = 16, SUM_MAX = 255 };

static __m128i load(const unsigned char *p) {
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* Octets before the first that is not plain, BLOCK: all are. */
static size_t plain_octets(const unsigned char *p) {
    __m128i block = load(p), mark = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    __m128i slash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    /* the comparison is signed: octets from 0x80 on are below the space too */
    __m128i odd = _mm_or_si128(_mm_cmplt_epi8(block, _mm_set1_epi8(0x20)), _mm_or_si128(mark, slash));
    unsigned mask = (unsigned)_mm_movemask_epi8(odd);
    return mask ? (size_t)__builtin_ctz(mask) : BLOCK;
}

/* At most SUM_MAX blocks: each octet of the sum counts one column of them. */
static size_t marks_of(const unsigned char *p, size_t blocks) {
    __m128i sum = _mm_setzero_si128();
    for (; blocks > 0; blocks--, p += BLOCK) sum = _mm_sub_epi8(sum, _mm_cmpeq_epi8(load(p), _mm_set1_epi8('"')));
    sum = _mm_sad_epu8(sum, _mm_setzero_si128());
    return (size_t)(_mm_extract_epi16(sum, 0) + _mm_extract_epi16(sum, 4));
}

#else

enum { BLOCK = 8, SUM_MAX = 1 };

#define EACH_OCTET(c) (UINT64_MAX / 0xff * (c))

static uint64_t load(const unsigned char *p) {
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* Octets before the first that is not plain, as far as one look tells; BLOCK: all are. The top bit of an octet says
 * control character, quotation mark, backslash or non-ASCII, exactly so in the lowest octet that has one. */
static size_t plain_octets(const unsigned char *p) {
    uint64_t x = load(p);
    uint64_t mark = (x ^ EACH_OCTET('"')) - EACH_OCTET(1), slash = (x ^ EACH_OCTET('\\')) - EACH_OCTET(1);
    uint64_t odd = ((x - EACH_OCTET(0x20)) | mark | slash | x) & EACH_OCTET(0x80);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return odd ? (size_t)__builtin_ctzll(odd) / 8 : BLOCK;
#else
    return odd ? 0 : BLOCK;
#endif
}

static size_t marks_of(const unsigned char *p, size_t blocks) {
    if (blocks == 0) return 0;
    uint64_t x = load(p) ^ EACH_OCTET('"');
    /* the top bit of each octet that is not zero, added to the others of its octet without a carry */
    uint64_t other = (((x & EACH_OCTET(0x7f)) + EACH_OCTET(0x7f)) | x) & EACH_OCTET(0x80);
    return BLOCK - (size_t)((other >> 7) * EACH_OCTET(1) >> 56);
}

#endif

size_t cog_json_plain(cog_slice text) {
    size_t i = 0;
    for (size_t n = BLOCK; n == BLOCK && text.len - i >= BLOCK; i += n) n = plain_octets(text.data + i);
    while (i < text.len && is_plain(text.data[i])) i++;
    return i;
}

size_t cog_json_marks(cog_slice text) {
    size_t marks = 0;
    for (size_t blocks; (blocks = text.len / BLOCK) > 0; text.data += blocks * BLOCK, text.len -= blocks * BLOCK) {
        if (blocks > SUM_MAX) blocks = SUM_MAX;
        marks += marks_of(text.data, blocks);
    }
    while (text.len--) marks += *text.data++ == '"';
    return marks;
}
