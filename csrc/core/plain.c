#include "plain.h"

#include <string.h>

/* ---- a block of octets, looked at as one ---- */

#ifdef __SSE2__
#include <emmintrin.h>

typedef __m128i block;
enum { BLOCK = 16, SUM_MAX = 255 };

static block load(const unsigned char *p) {
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* The octets that are not plain. */
static block odd_ones(const unsigned char *p) {
    block x = load(p), mark = _mm_cmpeq_epi8(x, _mm_set1_epi8('"')), slash = _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'));
    /* the comparison is signed: octets from 0x80 on are below the space too */
    return _mm_or_si128(_mm_cmplt_epi8(x, _mm_set1_epi8(0x20)), _mm_or_si128(mark, slash));
}

static block either(block a, block b) {
    return _mm_or_si128(a, b);
}

static bool is_any(block odd) {
    return _mm_movemask_epi8(odd) != 0;
}

static size_t before_first(block odd) {
    return (size_t)__builtin_ctz((unsigned)_mm_movemask_epi8(odd));
}

/* At most SUM_MAX blocks: each octet of the sum counts one column of them. */
static size_t marks_of(const unsigned char *p, size_t blocks) {
    block sum = _mm_setzero_si128();
    for (; blocks > 0; blocks--, p += BLOCK) sum = _mm_sub_epi8(sum, _mm_cmpeq_epi8(load(p), _mm_set1_epi8('"')));
    sum = _mm_sad_epu8(sum, _mm_setzero_si128());
    return (size_t)(_mm_extract_epi16(sum, 0) + _mm_extract_epi16(sum, 4));
}

#else

typedef uint64_t block;
enum { BLOCK = 8, SUM_MAX = 1 };

#define EACH_OCTET(c) (UINT64_MAX / 0xff * (c))

static block load(const unsigned char *p) {
    block x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* The top bit of an octet says that it is not plain: exactly so in the lowest that has it. */
static block odd_ones(const unsigned char *p) {
    block x = load(p);
    block mark = (x ^ EACH_OCTET('"')) - EACH_OCTET(1), slash = (x ^ EACH_OCTET('\\')) - EACH_OCTET(1);
    return ((x - EACH_OCTET(0x20)) | mark | slash | x) & EACH_OCTET(0x80);
}

static block either(block a, block b) {
    return a | b;
}

static bool is_any(block odd) {
    return odd != 0;
}

static size_t before_first(block odd) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (size_t)__builtin_ctzll(odd) / 8;
#else
    return (void)odd, 0;
#endif
}

static size_t marks_of(const unsigned char *p, size_t blocks) {
    block x = load(p) ^ EACH_OCTET('"');
    /* the top bit of each octet that is not zero, added to the others of its octet without a carry */
    block other = (((x & EACH_OCTET(0x7f)) + EACH_OCTET(0x7f)) | x) & EACH_OCTET(0x80);
    return blocks * BLOCK - (size_t)((other >> 7) * EACH_OCTET(1) >> 56);
}

#endif

/* ---- the two loops ---- */

static bool are_four_plain(const unsigned char *p) {
    return !is_any(either(either(odd_ones(p), odd_ones(p + BLOCK)),
                          either(odd_ones(p + 2 * BLOCK), odd_ones(p + 3 * BLOCK))));
}

size_t cog_json_plain(cog_slice text) {
    size_t i = 0;
    while (text.len - i >= 4 * BLOCK && are_four_plain(text.data + i)) i += 4 * BLOCK;
    for (; text.len - i >= BLOCK; i += BLOCK) {
        block odd = odd_ones(text.data + i);
        if (!is_any(odd)) continue;
        i += before_first(odd);
        break;
    }
    while (i < text.len && cog_json_is_plain(text.data[i])) i++;
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
