#include "number.h"

#include <stdlib.h>

enum {
    DIGITS_MAX = 800,     /* 767 decide how any double is rounded; of the rest only "not all zero" counts */
    EXPONENT_MAX = 20000, /* beyond it all is zero or infinite, however many of our digits there are */
    EXPONENT_DIGITS = 5,
};

/* A decimal number: digits[0..count) times ten to the power `exponent`, and a little more if `rest`. */
struct decimal {
    char digits[DIGITS_MAX + 1 + 2 + EXPONENT_DIGITS + 1];
    size_t count;
    int64_t exponent;
    bool rest;
};

static bool is_digit(const unsigned char *p, const unsigned char *end) {
    return p < end && *p >= '0' && *p <= '9';
}

static const unsigned char *skip_digits(const unsigned char *p, const unsigned char *end) {
    while (is_digit(p, end)) p++;
    return p;
}

/* Takes in the digits from p to end; `scale` is -1 for those behind the point. */
static void add_digits(struct decimal *d, const unsigned char *p, const unsigned char *end, int scale) {
    for (; p < end; p++) {
        d->exponent += scale;
        if (d->count == DIGITS_MAX) {
            d->exponent++;
            d->rest |= *p != '0';
        } else if (d->count || *p != '0') {
            d->digits[d->count++] = (char)*p;
        }
    }
}

/* The exponent from p to end, empty for none; kept far from overflow. */
static int64_t read_exponent(const unsigned char *p, const unsigned char *end) {
    int64_t value = 0;
    bool negative = p < end && *p == '-';
    for (; p < end; p++)
        if (is_digit(p, end) && value < (int64_t)1 << 40) value = value * 10 + (*p - '0');
    return negative ? -value : value;
}

/* strtod rounds right; without a point in the text no locale can change what it reads. */
static double to_double(struct decimal *d) {
    if (d->rest) d->digits[d->count++] = '1', d->exponent--;
    bool negative = d->exponent < 0;
    int64_t exponent = negative ? -d->exponent : d->exponent;
    if (exponent > EXPONENT_MAX) exponent = EXPONENT_MAX;
    char *out = d->digits + d->count;
    *out++ = 'e';
    *out++ = negative ? '-' : '+';
    out[EXPONENT_DIGITS] = '\0';
    for (int i = EXPONENT_DIGITS; i-- > 0; exponent /= 10) out[i] = (char)('0' + exponent % 10);
    return d->count ? strtod(d->digits, NULL) : 0;
}

/* The parts of a number's text; `fraction` and `exponent` are empty where there is none. */
struct number_text {
    const unsigned char *whole, *fraction, *fraction_end, *exponent, *end;
    bool negative;
};

/* int [ frac ] [ exp ] at p, RFC 8259 section 6; NULL where there is none */
static const unsigned char *scan(const unsigned char *p, const unsigned char *end, struct number_text *text) {
    text->whole = p;
    if (!is_digit(p, end)) return NULL;
    p = *p == '0' ? p + 1 : skip_digits(p, end);
    text->fraction = text->fraction_end = text->exponent = p;
    if (p < end && *p == '.') {
        text->fraction = p + 1;
        p = skip_digits(p + 1, end);
        if (p == text->fraction) return NULL;
        text->fraction_end = text->exponent = p;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        text->exponent = ++p;
        if (p < end && (*p == '-' || *p == '+')) p++;
        if (!is_digit(p, end)) return NULL;
        p = skip_digits(p, end);
    }
    text->end = p;
    return p;
}

/* Integer text as int64; false when it does not fit. */
static bool to_integer(const struct number_text *text, int64_t *integer) {
    uint64_t value = 0, most = (uint64_t)INT64_MAX + text->negative;
    for (const unsigned char *p = text->whole; p < text->end; p++) {
        unsigned digit = *p - (unsigned)'0';
        if (value > (most - digit) / 10) return false;
        value = value * 10 + digit;
    }
    *integer = text->negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

static double to_real(const struct number_text *text) {
    struct decimal d = {.count = 0};
    const unsigned char *whole_end = text->fraction_end > text->fraction ? text->fraction - 1 : text->fraction;
    add_digits(&d, text->whole, whole_end, 0);
    add_digits(&d, text->fraction, text->fraction_end, -1);
    d.exponent += read_exponent(text->exponent, text->end);
    return text->negative ? -to_double(&d) : to_double(&d);
}

const unsigned char *cog_number_read(const unsigned char *p, const unsigned char *end, cog_number *number) {
    struct number_text text = {.negative = p < end && *p == '-'};
    p = scan(p + text.negative, end, &text);
    if (!p) return NULL;
    number->is_integer = text.fraction == text.end && to_integer(&text, &number->integer);
    number->real = number->is_integer ? (double)number->integer : to_real(&text);
    return p;
}
